import { connect, type NatsConnection } from '@nats-io/transport-node';
import { runLoop } from './request-loops';
import type { Asked } from './requester';

const TIMEOUT_MS = 5_000;

/** Sends requests over NATS with the client alone, reads each answer as JSON, and measures how long it took. */
async function main(): Promise<void> {
  const connection = await connect({ servers: process.env['NATS_URL'] ?? '', noAsyncTraces: true });
  process.on(
    'message',
    (asked: Asked) =>
      void runLoop(asked, () => ask(connection, asked)).then((answered) => process.send?.(answered)),
  );
  process.once('SIGTERM', () => void connection.close().then(() => process.exit(0)));
  process.send?.('ready');
}

async function ask(connection: NatsConnection, { subject, body }: Asked): Promise<void> {
  const reply = await connection.request(subject, body, { timeout: TIMEOUT_MS });
  const answer = JSON.parse(reply.string()) as object;
  if ('error' in answer) throw new Error(`the answer is an error: ${JSON.stringify(answer.error)}`);
}

process.once('disconnect', () => process.exit(1));
void main();
