import { connectBus } from '@multiswarm/bus';
import { systemClock } from '@multiswarm/core';
import { MailReader, MailSites } from '@multiswarm/messaging';

/** Begun together, so that nobody's answer is late. */
const AT_ONCE = 200;

/** Readers of mailboxes, one each, that hear of nothing: what mailboxes cost while nobody writes. */
async function main(count: number): Promise<void> {
  const bus = await connectBus({ servers: process.env['NATS_URL'] ?? '', name: 'mailboxes' });
  const sites = new MailSites(bus);
  const faults: unknown[] = [];
  for (let n = 0; n < count; n++) {
    const mailbox = `mailbox-${n}`;
    const reader = new MailReader({
      ...{
        bus,
        sites,
        clock: systemClock,
        namespace: 'default',
        mailbox,
        window: 512,
        reader: `${mailbox}-i`,
      },
      onMail: () => undefined,
      onFault: (error) => void faults.push(error),
      onUnreadable: (error) => void faults.push(error),
    });
    reader.start();
    if (n % AT_ONCE === AT_ONCE - 1) await bus.rttMs();
  }
  process.on('message', () => process.send?.({ faults: faults.length }));
  process.once('SIGTERM', () => process.exit(0));
  process.send?.('ready');
}

process.once('disconnect', () => process.exit(1));
void main(Number(process.env['BENCH_MAILBOXES']));
