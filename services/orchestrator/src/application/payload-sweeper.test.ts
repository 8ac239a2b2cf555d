import { Writable } from 'node:stream';
import { ManualClock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import type { Description, PayloadIndex, PayloadStock } from '../payload-ports';
import { PayloadSweeper } from './payload-sweeper';

const GRACE_MS = 1_000;
const SWEEP_MS = 100;

/** A store in memory, with one orphan, one payload that is referred to, and the parts of an upload that broke off. */
class Trial {
  readonly clock = new ManualClock();
  readonly stored = new Map<string, Description>();
  readonly loose = new Map<string, number>();
  looks = 0;
  logged = '';
  isOurTurn = true;
  indexFails = false;
  /** The last commit that the event stream has; Redis has 7. */
  lastPublished = 7;
  readonly sweeper: PayloadSweeper;

  constructor() {
    for (const [seq, id] of ['orphan', 'wanted'].entries())
      this.stored.set(id, {
        ...{ id, upload: `of-${id}`, bytes: 1, parts: 1, deleted: false, claimedAt: this.clock.now(), seq },
      });
    this.loose.set('broken-off', this.clock.now());
    const stock: PayloadStock = {
      descriptions: () => this.descriptions(),
      parts: () =>
        Promise.resolve(
          new Map(
            [...[...this.stored.keys()].map((id) => `of-${id}`), ...this.loose.keys()].map((upload) => [
              upload,
              1,
            ]),
          ),
        ),
      lastPartAt: (upload) => Promise.resolve(this.loose.get(upload)),
      remove: ({ id }) => Promise.resolve(this.stored.delete(id)),
      removeUpload: (upload) => Promise.resolve(void this.loose.delete(upload)),
    };
    const index: PayloadIndex = {
      references: () => this.references(),
      standing: () => Promise.resolve({ setBackAt: undefined, batchSeq: 7 }),
      strays: () => Promise.resolve([]),
      removeStrays: () => Promise.resolve(),
    };
    const lastPublished = (): Promise<number> => Promise.resolve(this.lastPublished);
    const ofMail = (): Promise<Set<string>> => Promise.resolve(new Set());
    const parts = { stock, index, ofMail, lastPublished, shards: 2, clock: this.clock, graceMs: GRACE_MS };
    const stream = new Writable({
      write: (line: Buffer, _encoding, done) => {
        this.logged += line.toString();
        done();
      },
    });
    const logger = createLogger({ service: 'test', level: 'warn', stream });
    this.sweeper = new PayloadSweeper({ ...parts, logger, sweepMs: SWEEP_MS }, () => this.isOurTurn);
    this.sweeper.start();
  }

  get left(): string[] {
    return [...this.stored.keys(), ...this.loose.keys()];
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += SWEEP_MS) {
      this.clock.advance(SWEEP_MS);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private async *descriptions(): AsyncGenerator<Description> {
    this.looks += 1;
    await Promise.resolve();
    yield* this.stored.values();
  }

  private async *references(): ReturnType<PayloadIndex['references']> {
    await Promise.resolve();
    if (this.indexFails) throw new Error('Redis is away');
    yield [{ taskId: 't0-00000001', payloads: ['wanted'] }];
  }
}

test('what nobody refers to goes when it is older than the grace time and was seen twice, and nothing else', async () => {
  const trial = new Trial();
  await trial.pass(GRACE_MS);
  expect(trial.left).toEqual(['orphan', 'wanted', 'broken-off']);
  await trial.pass(2 * SWEEP_MS);
  expect(trial.left).toEqual(['wanted']);
});

test('nothing goes while a single shard cannot be read', async () => {
  const trial = new Trial();
  trial.indexFails = true;
  await trial.pass(3 * GRACE_MS);
  expect(trial.left).toContain('orphan');
  trial.indexFails = false;
  await trial.pass(3 * SWEEP_MS);
  expect(trial.left).toEqual(['wanted']);
});

test('nothing goes while commits were published that the store does not have, and then what was seen before counts no more', async () => {
  const trial = new Trial();
  await trial.pass(GRACE_MS + SWEEP_MS);
  trial.lastPublished = 8;
  await trial.pass(3 * GRACE_MS);
  expect(trial.left).toEqual(['orphan', 'wanted', 'broken-off']);
  expect(trial.logged.match(/of shard 0 commit 8 was published/g)).toHaveLength(1);
  trial.lastPublished = 7;
  await trial.pass(SWEEP_MS);
  expect(trial.left).toEqual(['orphan', 'wanted', 'broken-off']);
  await trial.pass(SWEEP_MS);
  expect(trial.left).toEqual(['wanted']);
});

test('whose turn it is not does not look, and begins with a first look when it comes', async () => {
  const trial = new Trial();
  trial.isOurTurn = false;
  await trial.pass(3 * GRACE_MS);
  expect([trial.looks, trial.left.length]).toEqual([0, 3]);
  trial.isOurTurn = true;
  await trial.pass(SWEEP_MS);
  expect([trial.looks, trial.left.length]).toEqual([1, 3]);
  trial.isOurTurn = false;
  await trial.pass(SWEEP_MS);
  trial.isOurTurn = true;
  await trial.pass(SWEEP_MS);
  expect(trial.left.length).toBe(3);
  await trial.pass(SWEEP_MS);
  expect(trial.left).toEqual(['wanted']);
});

test('it stops', async () => {
  const trial = new Trial();
  trial.sweeper.stop();
  await trial.pass(3 * GRACE_MS);
  expect(trial.looks).toBe(0);
});
