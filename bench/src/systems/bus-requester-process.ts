import { connectBus } from '@multiswarm/bus';
import { z } from 'zod';
import { runLoop } from './request-loops';
import type { Asked } from './requester';

const Answer = z.unknown();

/** Sends requests over NATS as services and the SDK do, and measures how long each took. */
async function main(): Promise<void> {
  const bus = await connectBus({ servers: process.env['NATS_URL'] ?? '', name: 'bench-requester' });
  process.on('message', (asked: Asked) => {
    const body: unknown = JSON.parse(asked.body);
    void runLoop(asked, () => bus.request(asked.subject, body, { reply: Answer })).then((answered) =>
      process.send?.(answered),
    );
  });
  process.once('SIGTERM', () => void bus.close().then(() => process.exit(0)));
  process.send?.('ready');
}

process.once('disconnect', () => process.exit(1));
void main();
