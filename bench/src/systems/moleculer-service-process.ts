import { ServiceBroker } from 'moleculer';

/** A node of Moleculer with one action, which gives every call the same answer. */
async function main(): Promise<void> {
  const answer = JSON.parse(process.env['BENCH_ANSWER'] ?? '{}') as object;
  const broker = new ServiceBroker({
    nodeID: 'balancer',
    transporter: { type: 'NATS', options: { url: process.env['NATS_URL'] ?? '' } },
    logger: false,
  });
  broker.createService({ name: 'balancer', actions: { route: () => answer } });
  await broker.start();
  process.send?.('ready');
  process.once('SIGTERM', () => void broker.stop().then(() => process.exit(0)));
}

process.once('disconnect', () => process.exit(1));
void main();
