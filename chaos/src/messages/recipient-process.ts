import { setTimeout as delay } from 'node:timers/promises';
import { createSwarm, PoisonMessage } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { z } from 'zod';
import { Book } from './book';
import { letterOf, LANES, LOTS, textOf, type Lot } from './letters';
import { readSizes } from './sizes';
import { seenMore, type Seen } from './seen';
import { isSaid } from './word';

/** One process of a swarm that handles messages: each as its lot says. What it has handled it notes down before it is acknowledged. */
const name = process.env['CHAOS_PROCESS'] ?? '';
const id = process.env['CHAOS_SWARM'] ?? '';
const records = process.env['CHAOS_RECORDS'] ?? '.';
const seed = Number(process.env['CHAOS_SEED']);

const LONGEST_MS = 16;

const Data = z.object({ lane: z.string(), n: z.number(), lot: z.enum(LOTS), text: z.string() });
type Data = z.infer<typeof Data>;

async function main(): Promise<void> {
  const sizes = await readSizes(process.env['CHAOS_SIZES'] ?? '');
  const book = new Book(records, name);

  const suffer = (lot: Lot, attempt: number): void => {
    if (lot === 'flaky' && attempt === 1) throw new Error('it works with the second try');
    if (isSaid(records, 'healed')) return;
    if (lot === 'poison') throw new PoisonMessage('nobody can read this');
    if (lot === 'hopeless') throw new Error('this never works');
  };
  /** @throws what the lot of the message wants */
  const read = (given: unknown, attempt = 1): Data => {
    const data = Data.parse(given);
    const lane = LANES.find((each) => each.name === data.lane);
    // Others than those of the plan are counted.
    if (lane === undefined) {
      suffer(data.lot, attempt);
      return data;
    }
    const letter = letterOf(seed, lane, data.n, sizes);
    if (data.text !== textOf(letter.id, letter.bytes))
      book.write({ kind: 'refused', lane: data.lane, n: data.n, why: 'it is not what was sent' });
    suffer(letter.lot, attempt);
    return data;
  };

  const swarm = createSwarm({
    ...{ id, region: 'us-east', servers: process.env['NATS_URL'] ?? '', slots: 1 },
    ...{ heartbeatMs: 500, drainMs: 0, graceMs: 500, flushMs: 1_000 },
    logger: createLogger({ service: 'swarm', level: 'warn' }),
  });
  swarm.handle('nothing', () => null);
  swarm.messages.on('at-least-once', async ({ data, attempt }) => {
    const { lane, n } = read(data, attempt);
    book.write({ kind: 'done', lane, n });
    // It may be killed between what it has done and the acknowledgement.
    await delay(n % LONGEST_MS);
  });
  swarm.messages.onExactlyOnce(
    'exactly-once',
    (): Seen => ({}),
    (seen, { data, attempt }) => {
      const { lane, n } = read(data, attempt);
      return seenMore(seen, lane, n);
    },
  );
  await swarm.start();
  process.send?.('ready');
}

// Whoever started this is gone.
process.once('disconnect', () => process.exit(1));
void main();
