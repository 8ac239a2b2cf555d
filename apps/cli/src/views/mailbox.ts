import type { MailboxInfo } from '@multiswarm/contracts';
import { formatBytes } from '../output/bytes';
import { formatAge } from '../output/durations';
import type { View } from '../output/printer';

export const mailboxView: View<MailboxInfo> = {
  name: ({ mailbox }) => mailbox,
  none: 'no mailbox has messages or readers',
  columns: ({ now }) => [
    { header: 'MAILBOX', value: ({ mailbox }) => mailbox },
    { header: 'DEPTH', value: ({ depth, limit }) => `${depth}/${limit}`, align: 'right' },
    { header: 'IN HAND', value: ({ inHand }) => String(inHand), align: 'right' },
    { header: 'BYTES', value: ({ bytes }) => formatBytes(bytes), align: 'right' },
    { header: 'READERS', value: ({ sessions }) => String(sessions), align: 'right' },
    { header: 'BREAKER', value: ({ breaker }) => breaker },
    { header: 'SHARD', value: ({ shard }) => String(shard), align: 'right', wide: true },
    {
      header: 'OLDEST',
      value: ({ oldestAt }) => (oldestAt === undefined ? '-' : formatAge(now - Date.parse(oldestAt))),
      align: 'right',
    },
  ],
};
