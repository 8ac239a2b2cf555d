import { MultiswarmError, type MessageStatus } from '@multiswarm/contracts';
import { whoIsAsked } from './who-is-asked';

const status = (to: string, more: Partial<MessageStatus>): MessageStatus => ({
  ...{ id: 'm-00000001', from: 'me', to, kind: 'vote', qos: 'at-least-once', status: 'stored' },
  ...{ recipients: [to], recipientCount: 1, acceptedAt: new Date(0).toISOString() },
  ...more,
});
const unknown = new MultiswarmError('recipient-unknown', 'nobody');

test('those whom a question does not reach are failures, and the others are waited for', async () => {
  const refused = [{ to: 'c', code: 'mailbox-full', detail: 'full', retryable: true, depth: 9, limit: 9 }];
  const partly = { status: 'partly-stored', recipientCount: 4, refused, refusedCount: 1 } as const;
  const send = (to: string): Promise<MessageStatus> =>
    to === 'b' ? Promise.reject(unknown) : Promise.resolve(status(to, to === '*' ? partly : {}));
  const asked = await whoIsAsked(['a', 'b', '*'], send);
  expect(asked.count).toBe(5);
  expect(asked.failures).toMatchObject([
    { from: 'b', error: { code: 'recipient-unknown' } },
    { from: 'c', error: { code: 'mailbox-full', message: 'full', fill: { depth: 9, limit: 9 } } },
  ]);
});

test('a question that reaches nobody fails with what is said of the first one', async () => {
  await expect(whoIsAsked(['a', 'b'], () => Promise.reject(unknown))).rejects.toBe(unknown);
  expect(await whoIsAsked([], () => Promise.reject(unknown))).toEqual({ count: 0, failures: [] });
});
