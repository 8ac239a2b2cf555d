import { setTimeout as delay } from 'node:timers/promises';
import { asMultiswarmError, type ErrorCode } from '@multiswarm/contracts';
import { createSwarm } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { Book, readBooks } from './book';
import { LANES, letterOf, textOf, type Lane } from './letters';
import { readSizes } from './sizes';
import { isSaid } from './word';

/**
 * A swarm that sends. What it was promised is noted before anybody hears of it; whatever it does not know when it is killed, its successor sends
 * again under the same id.
 */
const id = process.env['CHAOS_SWARM'] ?? '';
const records = process.env['CHAOS_RECORDS'] ?? '.';
const seed = Number(process.env['CHAOS_SEED']);
const everyMs = Number(process.env['CHAOS_EVERY_MS']);

const AGAIN_MS = 100;
const LATE = { ttlMs: 100, delayMs: 500 };
/** Nobody answers, or there is no room, at the moment: the same message again, under the same id. */
const PASSES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'bus-unavailable',
  'timeout',
  'mailbox-full',
  'mailbox-unavailable',
]);

/** Where the one before has stopped. */
function beginOf({ name }: Lane): number {
  let begun = -1;
  let ended = -1;
  for (const { kind, lane, n } of readBooks(records, id)) {
    if (lane !== name) continue;
    if (kind === 'begun') begun = Math.max(begun, n);
    else ended = Math.max(ended, n);
  }
  return begun > ended ? begun : ended + 1;
}

async function main(): Promise<void> {
  const sizes = await readSizes(process.env['CHAOS_SIZES'] ?? '');
  const begins = new Map(LANES.map((lane) => [lane.name, beginOf(lane)]));
  const book = new Book(records, id);
  const swarm = createSwarm({
    ...{ id, region: 'us-east', servers: process.env['NATS_URL'] ?? '', slots: 1 },
    ...{ heartbeatMs: 500, drainMs: 0, graceMs: 500, flushMs: 1_000 },
    logger: createLogger({ service: 'swarm', level: 'warn' }),
  });
  swarm.handle('nothing', () => null);

  const sendOne = async (lane: Lane, n: number): Promise<void> => {
    const letter = letterOf(seed, lane, n, sizes);
    const data = { lane: lane.name, n, lot: letter.lot, text: textOf(letter.id, letter.bytes) };
    book.write({ kind: 'begun', lane: lane.name, n });
    for (;;) {
      try {
        await swarm.messages.send({
          ...{ to: lane.to, kind: lane.qos, qos: lane.qos, priority: lane.priority, data },
          ...{ id: letter.id, conversation: letter.conversation },
          ...(letter.lot === 'late' ? LATE : {}),
        });
        book.write({ kind: 'accepted', lane: lane.name, n });
        return;
      } catch (error) {
        const { code, message } = asMultiswarmError(error);
        if (!PASSES.has(code)) {
          book.write({ kind: 'refused', lane: lane.name, n, why: `${code}: ${message}` });
          return;
        }
        await delay(AGAIN_MS);
      }
    }
  };

  await swarm.start();
  process.send?.('ready');
  await Promise.all(
    LANES.filter(({ from }) => from === id).map(async (lane) => {
      for (let n = begins.get(lane.name) ?? 0; !isSaid(records, 'quiet'); n += 1) {
        await sendOne(lane, n);
        await delay(everyMs);
      }
    }),
  );
  process.send?.('quiet');
}

// Whoever started this is gone.
process.once('disconnect', () => process.exit(1));
void main();
