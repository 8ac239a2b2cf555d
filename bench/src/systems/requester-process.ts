import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Asked, Answered } from './requester';

const TIMEOUT_MS = 5_000;
/** How often an open loop looks which requests are due. */
const TICK_MS = 1;

/** Sends requests over NATS with the client alone, reads each answer as JSON, and measures how long it took. */
async function main(): Promise<void> {
  const connection = await connect({ servers: process.env['NATS_URL'] ?? '', noAsyncTraces: true });
  process.on(
    'message',
    (asked: Asked) => void run(connection, asked).then((answer) => process.send?.(answer)),
  );
  process.once('SIGTERM', () => void connection.close().then(() => process.exit(0)));
  process.send?.('ready');
}

async function run(connection: NatsConnection, asked: Asked): Promise<Answered> {
  const times: number[] = [];
  const one = async (fromMs: number): Promise<void> => {
    const reply = await connection.request(asked.subject, asked.body, { timeout: TIMEOUT_MS });
    const answer = JSON.parse(reply.string()) as object;
    if ('error' in answer) throw new Error(`the answer is an error: ${JSON.stringify(answer.error)}`);
    times.push(performance.now() - fromMs);
  };
  const from = performance.now();
  await (asked.kind === 'closed' ? closed(asked, one) : open(asked, one));
  const seconds = (performance.now() - from) / 1_000;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.ceil(share * times.length) - 1] ?? NaN;
  return { perSecond: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function closed(
  { inFlight, requests }: Extract<Asked, { kind: 'closed' }>,
  one: (fromMs: number) => Promise<void>,
): Promise<void> {
  let left = requests;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await one(performance.now());
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** A request is late from the moment at which it was due, whether it could be sent then or not. */
function open(
  { rate, requests }: Extract<Asked, { kind: 'open' }>,
  one: (fromMs: number) => Promise<void>,
): Promise<void> {
  const from = performance.now();
  let sent = 0;
  let ended = 0;
  return new Promise((resolve, reject) => {
    const ticking = setInterval(() => {
      const now = performance.now();
      for (; sent < requests && from + (sent * 1_000) / rate <= now; sent += 1)
        one(from + (sent * 1_000) / rate).then(() => {
          ended += 1;
          if (ended === requests) resolve();
        }, fail);
      if (sent === requests) clearInterval(ticking);
    }, TICK_MS);
    const fail = (error: Error): void => {
      clearInterval(ticking);
      reject(error);
    };
  });
}

process.once('disconnect', () => process.exit(1));
void main();
