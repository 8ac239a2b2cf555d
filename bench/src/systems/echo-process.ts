import { connectBus } from '@multiswarm/bus';
import { z } from 'zod';

/** Answers every request with its own body. */
async function main(): Promise<void> {
  const bus = await connectBus({ servers: process.env['NATS_URL'] ?? '', name: 'echo' });
  bus.respond(process.env['BENCH_SUBJECT'] ?? '', { request: z.unknown() }, (body) => Promise.resolve(body));
  await bus.rttMs();
  process.send?.('ready');
  process.once('SIGTERM', () => {
    void bus.close().then(() => process.exit(0));
  });
}

process.once('disconnect', () => process.exit(1));
void main();
