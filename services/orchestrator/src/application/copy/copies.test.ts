import type { JsonValue, ShardImportReply } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { event } from '../../../test/support/builders';
import type { Change } from '../change';
import type { OwnerInsides } from '../owner-insides';
import { Copies, type CopiedOwner, type CopiesParts } from './copies';

const MINUTE = 60_000;
const HEAD = {
  ...{ format: 'multiswarm-shard', v: 1, shards: 1, shard: 0, epoch: 1, attemptBase: 0 },
  exportedAt: '2026-01-01T00:00:00.000Z',
};
const ASKED = { seq: 0, lines: [HEAD] as JsonValue[], replace: false };

const END: JsonValue = { end: true, tasks: 0, runs: 0, counts: {}, batchSeq: 1 };

const EVENT = JSON.parse(JSON.stringify(event('t0-a', 1))) as JsonValue;

/** One shard whose store is this object: its epoch, its mark, and how often it was cleared. */
class Shard {
  readonly clock = new ManualClock();
  epoch = 1;
  mark: string | undefined;
  cleared = 0;
  isAway = false;
  reloads = 0;
  commits = 0;
  /** Commits wait for this. */
  gate: Promise<void> = Promise.resolve();
  /** Ids that were forgotten, in that order. */
  readonly forgotten: string[] = [];
  done: ShardImportReply | undefined;
  private runs = 0;

  readonly copies = new Copies({
    clock: this.clock,
    shards: 1,
    reload: () => (this.reloads += 1),
    ids: { next: () => `run-${(this.runs += 1)}` },
    logger: { warn: () => undefined },
    codec: { task: (id: string) => ({ id }) },
    inspector: { sums: () => Promise.resolve({ tasks: 0, workflows: 0 }) },
    copies: {
      mark: (_shard: number, epoch: number, run: string) => this.ifOwned(epoch, () => (this.mark = run)),
      clear: (_shard: number, epoch: number, run: string, isGivenUp: boolean) =>
        this.ifOwned(epoch, () => {
          if (this.mark !== run) throw new Error('another mark');
          this.cleared += 1;
          if (isGivenUp) this.mark = undefined;
        }),
      unmark: (_shard: number, epoch: number, _from: unknown, done: ShardImportReply) =>
        this.ifOwned(epoch, () => {
          this.mark = undefined;
          this.done = done;
        }),
      imported: () => Promise.resolve(this.done),
    },
    // What an import does not use of these is not there.
  } as unknown as CopiesParts);

  /** As an owner does that takes the shard over now. */
  owner(): CopiedOwner {
    const insides = {
      shard: 0,
      state: () => ({
        change: () => ({ writes: [], forget: (id: string) => this.forgotten.push(id) }) as unknown as Change,
      }),
      settled: () => Promise.resolve(),
      commit: async () => {
        this.commits += 1;
        await this.gate;
      },
    } as unknown as OwnerInsides;
    return { shard: 0, epoch: this.epoch, importing: this.mark, insides: () => insides };
  }

  /** Lets a minute pass, and what then happens. */
  async idle(): Promise<void> {
    this.clock.advance(MINUTE);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }

  private ifOwned(epoch: number, then: () => void): Promise<boolean> {
    if (this.isAway) return Promise.reject(new Error('away'));
    if (epoch !== this.epoch) return Promise.resolve(false);
    then();
    return Promise.resolve(true);
  }
}

let shard: Shard;

beforeEach(() => (shard = new Shard()));

/** An import of which the mark is set, and the owner has opened with that. */
async function marked(): Promise<{ run: string; owner: CopiedOwner; end: () => void }> {
  const { run } = await shard.copies.import(shard.owner(), ASKED);
  shard.epoch += 1;
  const owner = shard.owner();
  return { run, owner, end: shard.copies.serves(owner) };
}

describe('an import that was begun and left', () => {
  test('is given up after a minute, by the owner that has opened with its mark', async () => {
    await marked();
    await shard.idle();
    expect([shard.mark, shard.cleared]).toEqual([undefined, 1]);
    expect(shard.reloads).toBe(2);
  });

  test('is given up later where the store is away after a minute', async () => {
    await marked();
    shard.isAway = true;
    await shard.idle();
    expect(shard.mark).toBe('run-1');
    shard.isAway = false;
    await shard.idle();
    expect([shard.mark, shard.cleared]).toEqual([undefined, 1]);
  });

  test('makes room for another one, which has its own minute', async () => {
    const { owner, end } = await marked();
    expect(await shard.copies.import(owner, ASKED)).toMatchObject({ run: 'run-2', state: 'preparing' });
    expect(shard.mark).toBe('run-2');
    end();
    shard.epoch += 1;
    const next = shard.owner();
    shard.copies.serves(next);
    expect(await shard.copies.import(next, { ...ASKED, run: 'run-2' })).toMatchObject({ state: 'open' });
  });

  test('is left alone by an owner that has ended, and by one that has lost the shard', async () => {
    const { end } = await marked();
    end();
    await shard.idle();
    shard.copies.serves(shard.owner());
    shard.epoch += 1;
    await shard.idle();
    expect([shard.mark, shard.cleared]).toEqual(['run-1', 0]);
  });
});

test('an import of which the first part has come is not replaced', async () => {
  const { owner, run } = await marked();
  await shard.copies.import(owner, { ...ASKED, run });
  await expect(shard.copies.import(owner, ASKED)).rejects.toMatchObject({ code: 'copy-refused' });
  expect(shard.mark).toBe(run);
});

describe('a part that is repeated while it is being taken', () => {
  const GONE: JsonValue = { gone: 't0-x' };
  let letGo: () => void;
  let owner: CopiedOwner;
  let run: string;

  beforeEach(async () => {
    ({ owner, run } = await marked());
    await shard.copies.import(owner, { ...ASKED, run });
    shard.gate = new Promise((resolve) => (letGo = resolve));
  });

  test.each<[string, JsonValue[], string]>([
    ['one of several', [GONE], 'open'],
    ['the last one', [END], 'done'],
  ])('is taken once, and both are answered alike: %s', async (_which, lines, state) => {
    const part = { ...ASKED, run, seq: 1, lines };
    const both = [shard.copies.import(owner, part), shard.copies.import(owner, part)];
    letGo();
    const [one, other] = await Promise.all(both);
    expect(one).toMatchObject({ state, seq: 2 });
    expect(other).toEqual(one);
    expect([shard.commits, shard.cleared]).toEqual([1, 0]);
  });

  test('is not given up meanwhile, and the next part may come after it', async () => {
    const taken = shard.copies.import(owner, { ...ASKED, run, seq: 1, lines: [GONE] });
    await shard.idle();
    expect(shard.cleared).toBe(0);
    letGo();
    await taken;
    const last = await shard.copies.import(owner, { ...ASKED, run, seq: 2, lines: [END] });
    expect(last).toMatchObject({ state: 'done' });
  });
});

test('a part that stopped halfway is gone on with where it stopped: no line is taken twice', async () => {
  const { owner, run } = await marked();
  await shard.copies.import(owner, { ...ASKED, run });
  const ids = Array.from({ length: 120 }, (_, n) => `t0-${n}`);
  const part = { ...ASKED, run, seq: 1, lines: ids.map((gone): JsonValue => ({ gone })) };
  let refusals = 2;
  Object.defineProperty(shard, 'gate', {
    get: () => (shard.commits === 2 && refusals-- > 0 ? Promise.reject(new Error('not now')) : undefined),
  });
  await expect(shard.copies.import(owner, part)).rejects.toThrow('not now');
  expect(shard.forgotten).toHaveLength(100);
  expect(await shard.copies.import(owner, part)).toMatchObject({ state: 'open', seq: 2 });
  expect(shard.forgotten).toEqual(ids);
});

test('the answer to the last part is told again by whoever owns the shard then', async () => {
  const { owner, run, end } = await marked();
  await shard.copies.import(owner, { ...ASKED, run });
  const last = { ...ASKED, run, seq: 1, lines: [END] };
  const told = await shard.copies.import(owner, last);
  expect(told).toMatchObject({ state: 'done', seq: 2 });
  end();
  shard.epoch += 1;
  const next = shard.owner();
  shard.copies.serves(next);
  expect(await shard.copies.import(next, last)).toEqual(told);
  expect(await shard.copies.import(next, { ...ASKED, run })).toEqual(told);
  await expect(shard.copies.import(next, { ...last, run: 'run-9' })).rejects.toMatchObject({
    code: 'copy-not-found',
  });
});

test.each([
  ['come twice', [0, 0]],
  ['lack some', [0, 2]],
  ['are of a task that was not told just before', []],
])('events of a history that %s are refused', async (_what, froms) => {
  const { owner, run } = await marked();
  await shard.copies.import(owner, { ...ASKED, run });
  const histories = froms.map((from) => ({ history: 't0-a', from, events: [EVENT] }));
  const lines: JsonValue[] = [
    { task: 't0-a', spec: {} },
    ...histories,
    { history: 't0-b', from: 0, events: [] },
  ];
  await expect(shard.copies.import(owner, { ...ASKED, run, seq: 1, lines })).rejects.toMatchObject({
    code: 'copy-refused',
    message: expect.stringMatching(/^events of t0-/) as string,
  });
});

describe('numbers from which no shard could go on', () => {
  test.each([
    ['epoch', { epoch: 2 ** 53 - 1 }],
    ['attemptBase', { attemptBase: 2 ** 53 - 1 }],
  ])('are refused in the head of a copy: %s', async (name, forged) => {
    const asked = { ...ASKED, lines: [{ ...HEAD, ...forged }] };
    await expect(shard.copies.import(shard.owner(), asked)).rejects.toMatchObject({
      code: 'copy-refused',
      message: expect.stringContaining(`its ${name} is 9007199254740991`) as string,
    });
    expect(shard.mark).toBeUndefined();
  });

  test('are refused in its end, and what came is deleted', async () => {
    const { owner, run } = await marked();
    await shard.copies.import(owner, { ...ASKED, run });
    const last = { ...ASKED, run, seq: 1, lines: [{ ...(END as object), batchSeq: 2 ** 53 - 1 }] };
    await expect(shard.copies.import(owner, last)).rejects.toMatchObject({ code: 'copy-refused' });
    expect([shard.mark, shard.cleared]).toEqual([undefined, 1]);
  });
});

test('an import whose owner loses the shard before its end is never told to be done, nor is it deleted by that owner', async () => {
  const { owner, run } = await marked();
  await shard.copies.import(owner, { ...ASKED, run });
  shard.epoch += 1;
  const last = { ...ASKED, run, seq: 1, lines: [END] };
  await expect(shard.copies.import(owner, last)).rejects.toMatchObject({ code: 'stale-epoch' });
  await expect(shard.copies.import(owner, last)).rejects.toMatchObject({ code: 'copy-not-found' });
  expect(await shard.copies.import(owner, { ...ASKED, run })).toMatchObject({ state: 'open' });
  await shard.idle();
  expect([shard.mark, shard.cleared]).toEqual([run, 0]);
});
