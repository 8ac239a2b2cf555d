import { ServiceBroker } from 'moleculer';
import { runLoop } from './request-loops';
import type { Asked } from './requester';

/** Calls an action of another node through Moleculer, over NATS, and measures how long each call took. */
async function main(): Promise<void> {
  const broker = new ServiceBroker({
    nodeID: 'requester',
    transporter: { type: 'NATS', options: { url: process.env['NATS_URL'] ?? '' } },
    logger: false,
  });
  await broker.start();
  await broker.waitForServices('balancer');
  process.on('message', (asked: Asked) => {
    const params = JSON.parse(asked.body) as object;
    void runLoop(asked, () => broker.call(asked.subject, params)).then((answered) =>
      process.send?.(answered),
    );
  });
  process.once('SIGTERM', () => void broker.stop().then(() => process.exit(0)));
  process.send?.('ready');
}

process.once('disconnect', () => process.exit(1));
void main();
