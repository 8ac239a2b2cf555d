import type { PayloadCheck } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import type { Description } from '../payload-ports';
import { PayloadInspection } from './payload-check';
import { LEAST_SWEEP_MS } from './payload-sweeper';

const GRACE_MS = 1_000;

/** A store with a payload that a task refers to, one that nobody refers to, and the parts of uploads. */
class Trial {
  readonly clock = new ManualClock();
  readonly left = new Set(['of-used', 'of-orphan', 'broken-off']);
  /** The last commit that the event stream has; Redis has 7. */
  lastPublished = 7;
  listings = 0;
  private readonly at = this.clock.now();
  private readonly used = this.describe('used', 1);
  private readonly orphan = this.describe('orphan', 2);
  /** What the store lists, the first time and then. */
  private readonly listed: Description[][];

  constructor(isUsedListedAtFirst = true) {
    this.clock.advance(2 * GRACE_MS);
    const both = [this.used, this.orphan];
    this.listed = [isUsedListedAtFirst ? both : [this.orphan], both];
  }

  /** @param meanwhile what happens between the two looks */
  async check(repair: boolean, meanwhile: () => void = () => undefined): Promise<PayloadCheck> {
    const checked = this.inspection().check({ repair, limit: 10 });
    checked.catch(() => undefined);
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (turn === 10) meanwhile();
      if (turn >= 10) this.clock.advance(LEAST_SWEEP_MS);
    }
    return checked;
  }

  private describe(id: string, seq: number): Description {
    return { id, upload: `of-${id}`, bytes: 1, parts: 1, deleted: false, claimedAt: this.at, seq };
  }

  private inspection(): PayloadInspection {
    const { left } = this;
    return new PayloadInspection({
      ...{ shards: 1, clock: this.clock, graceMs: GRACE_MS },
      lastPublished: () => Promise.resolve(this.lastPublished),
      ofMail: () => Promise.resolve(new Set()),
      store: { find: () => Promise.resolve(this.used) },
      stock: {
        descriptions: () => this.descriptions(),
        parts: () => Promise.resolve(new Map([...left].map((upload) => [upload, 1]))),
        lastPartAt: () => Promise.resolve(this.at),
        remove: ({ upload }) => Promise.resolve(left.delete(upload)),
        removeUpload: (upload) => Promise.resolve(void left.delete(upload)),
      },
      index: {
        references: async function* () {
          await Promise.resolve();
          yield [{ taskId: 't0-00000001', payloads: ['used'] }];
        },
        standing: () => Promise.resolve({ setBackAt: undefined, batchSeq: 7 }),
        strays: () => Promise.resolve([]),
        removeStrays: () => Promise.resolve(),
      },
    });
  }

  private async *descriptions(): AsyncGenerator<Description> {
    await Promise.resolve();
    yield* this.listed[Math.min(this.listings++, 1)] ?? [];
  }
}

test('a repair removes only uploads that a second list has not described either', async () => {
  const trial = new Trial(false);
  const { items } = await trial.check(true);
  expect([...trial.left]).toEqual(['of-used']);
  expect(items.map(({ kind, payload, repaired }) => [kind, payload, repaired])).toEqual([
    ['orphan', 'orphan', true],
    ['abandoned-upload', 'of-used', false],
    ['abandoned-upload', 'broken-off', true],
  ]);
});

test('while a shard may be set back nothing is called an orphan', async () => {
  const trial = new Trial();
  expect((await trial.check(false)).counts).toMatchObject({ orphan: 1 });
  trial.lastPublished = 8;
  expect((await trial.check(false)).counts).toEqual({ 'abandoned-upload': 1 });
});

test.each([
  ['before it', 8, () => undefined],
  ['between its two looks', 7, (trial: Trial) => void (trial.lastPublished = 8)],
] as const)(
  'a repair is refused where a shard was set back %s, and nothing goes',
  async (_when, last, meanwhile) => {
    const trial = new Trial();
    trial.lastPublished = last;
    await expect(trial.check(true, () => meanwhile(trial))).rejects.toMatchObject({
      code: 'repair-refused',
      message: expect.stringContaining('see that the whole backup is there') as string,
    });
    expect([...trial.left]).toEqual(['of-used', 'of-orphan', 'broken-off']);
  },
);
