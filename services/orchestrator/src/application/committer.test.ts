import { MultiswarmError } from '@multiswarm/contracts';
import { ManualClock, seededRandom } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import fc from 'fast-check';
import { queuedTask } from '../../test/support/builders';
import { MemoryShardStore, type StoreFault } from '../../test/support/memory-shard-store';
import type { Batch, Write } from '../ports';
import { Committer } from './committer';

interface Bench {
  store: MemoryShardStore;
  clock: ManualClock;
  committer: Committer;
  stale: number;
  retries: number;
  committed: Batch[];
}

function bench(): Bench {
  const store = new MemoryShardStore();
  const clock = new ManualClock();
  const { epoch, batchSeq } = store.take();
  const made: Omit<Bench, 'committer'> = { store, clock, stale: 0, retries: 0, committed: [] };
  const on = {
    stale: () => void (all.stale += 1),
    committed: (batch: Batch) => void all.committed.push(batch),
    retry: () => void (all.retries += 1),
  };
  const all: Bench = Object.assign(made, { committer: new Committer(0, epoch, batchSeq, store, clock, on) });
  return all;
}

function unit(id: string, inputBytes = 0): Write[] {
  return [{ kind: 'task', record: queuedTask(id, { input: 'x'.repeat(inputBytes) }), isNew: true }];
}

function idsOf(batches: Batch[]): string[] {
  return batches.flatMap(({ writes }) =>
    writes.flatMap((each) => (each.kind === 'task' ? each.record.id : [])),
  );
}

test('what one turn brings goes together, and a turn does not wait for the answer to the one before', async () => {
  const { store, committer } = bench();
  store.faults = ['answer-late'];
  const all = [committer.commit(unit('t1'))];
  await turns(1);
  all.push(committer.commit(unit('t2')), committer.commit(unit('t3')));
  await turns(1);
  expect(store.applied.map((batch) => idsOf([batch]))).toEqual([['t1'], ['t2', 't3']]);
  expect(await Promise.all(all)).toEqual([1, 2, 2]);
});

test('nothing is confirmed before what was given before it', async () => {
  const { store, committer, committed } = bench();
  store.faults = ['answer-late'];
  const order: string[] = [];
  const first = committer.commit(unit('t1')).then(() => order.push('first'));
  await turns(1);
  const second = committer.commit(unit('t2')).then(() => order.push('second'));
  await turns(2);
  expect(store.applied).toHaveLength(2);
  expect([...order, ...committed]).toEqual([]);
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'second']);
  expect(idsOf(committed)).toEqual(['t1', 't2']);
});

test('few batches are under way at once: what comes meanwhile gathers', async () => {
  const { store, committer } = bench();
  store.faults = Array<'answer-late'>(4).fill('answer-late');
  const all: Promise<number>[] = [];
  for (let count = 1; count <= 7; count += 1) {
    all.push(committer.commit(unit(`t${count}`)));
    await turns(1);
  }
  expect(store.applied).toHaveLength(4);
  await Promise.all(all);
  expect(store.applied.map((batch) => idsOf([batch])).slice(4)).toEqual([['t5', 't6', 't7']]);
});

test('a batch that did not arrive keeps those behind it from being applied; then all go again, in order', async () => {
  const { store, committer, clock, committed } = bench();
  store.faults = ['away-late'];
  const first = committer.commit(unit('t1'));
  await turns(1);
  const second = committer.commit(unit('t2'));
  await turns(2);
  expect(store.calls.map((batch) => idsOf([batch]))).toEqual([['t1'], ['t2']]);
  expect(store.applied).toEqual([]);
  await pass(clock, 200);
  expect(await Promise.all([first, second])).toEqual([1, 2]);
  expect(idsOf(store.applied)).toEqual(['t1', 't2']);
  expect(idsOf(committed)).toEqual(['t1', 't2']);
});

test('a store that has lost what it had confirmed ends this owner: the next one begins with what is there', async () => {
  const all = bench();
  await all.committer.commit(unit('t1'));
  all.store.forgetBatch();
  await expect(all.committer.commit(unit('t2'))).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringContaining('has lost commits'),
  });
  expect(all.stale).toBe(1);
  expect(idsOf(all.store.applied)).toEqual(['t1']);
});

test('the number that a unit resolves with is that of its batch', async () => {
  const { committer } = bench();
  const numbers = await Promise.all([committer.commit(unit('t1')), committer.commit(unit('t2'))]);
  expect(numbers).toEqual([1, 1]);
  expect(await committer.commit(unit('t3'))).toBe(2);
});

test('a batch is cut by size, and a unit that is larger than a batch goes whole and alone', async () => {
  const { store, committer } = bench();
  const sizes = [200, 200, 200, 900, 10].map((kib) => kib * 1024);
  await Promise.all(sizes.map((bytes, index) => committer.commit(unit(`t${index}`, bytes))));
  expect(store.applied.map((batch) => idsOf([batch]))).toEqual([['t0', 't1'], ['t2'], ['t3'], ['t4']]);
});

test('an answer that got lost is asked for again with the identical batch, and nothing is done twice', async () => {
  const { store, committer, clock } = bench();
  store.faults = ['answer-lost', 'away', 'answer-lost'];
  const done = committer.commit(unit('t1'));
  await pass(clock, 1_000);
  await done;
  expect(store.calls).toHaveLength(4);
  expect(new Set(store.calls).size).toBe(1);
  expect(store.applied).toHaveLength(1);
});

test('nobody is told before the store has confirmed', async () => {
  const { store, committer, clock, committed } = bench();
  store.faults = Array<'away'>(5).fill('away');
  let told = false;
  const done = committer.commit(unit('t1')).then(() => (told = true));
  await turns();
  expect(store.calls).toHaveLength(1);
  expect({ told, committed }).toEqual({ told: false, committed: [] });
  await pass(clock, 5_000);
  await done;
  expect(idsOf(committed)).toEqual(['t1']);
});

test('a unit without writes costs the store nothing and waits for all before it', async () => {
  const { store, committer, clock } = bench();
  expect(await committer.commit([])).toBe(0);
  store.faults = ['away'];
  const order: string[] = [];
  const before = committer.commit(unit('t1')).then(() => order.push('unit'));
  const after = committer.commit([]).then(() => order.push('empty'));
  await turns();
  expect(order).toEqual([]);
  await pass(clock, 200);
  await Promise.all([before, after]);
  expect(order).toEqual(['unit', 'empty']);
  expect(store.applied).toHaveLength(1);
});

test('a unit without writes does not wait for what comes after it', async () => {
  const { store, committer } = bench();
  void committer.commit(unit('t0'));
  const empty = committer.commit([]);
  let more = 0;
  const flood = (): void => {
    if (more++ < 50) void committer.commit(unit(`t${more}`)).then(flood);
  };
  flood();
  await empty;
  expect(store.applied.length).toBeLessThan(5);
  await committer.settled();
});

test('after another owner has begun everything is rejected, once, and nothing more is sent', async () => {
  const all = bench();
  const { store, committer } = all;
  await committer.commit(unit('t1'));
  store.take();
  const early = Promise.allSettled([committer.commit(unit('t2')), committer.commit(unit('t3'))]);
  await new Promise((resolve) => setImmediate(resolve));
  const late = Promise.allSettled([committer.commit(unit('t4')), committer.commit([])]);
  for (const each of [...(await early), ...(await late)])
    expect(each).toMatchObject({ reason: { code: 'stale-epoch' } });
  await expect(committer.commit(unit('t5'))).rejects.toMatchObject({ code: 'stale-epoch' });
  expect(idsOf(store.applied)).toEqual(['t1']);
  expect(store.calls).toHaveLength(2);
  expect(all.stale).toBe(1);
});

test('a store that refuses the commit itself ends this owner: memory and disk do not agree any more', async () => {
  const all = bench();
  all.store.faults = ['broken'];
  await expect(all.committer.commit(unit('t1'))).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringContaining('WRONGTYPE'),
  });
  expect(all).toMatchObject({ stale: 1, retries: 0 });
});

test('killed while it waits for the store, it gives up without another try', async () => {
  const { store, committer, clock } = bench();
  store.faults = ['away'];
  const done = committer.commit(unit('t1'));
  const caught = expect(done).rejects.toMatchObject({ code: 'stale-epoch' });
  await turns();
  committer.kill(new MultiswarmError('stale-epoch', 'the lease is gone'));
  await pass(clock, 500);
  await caught;
  expect(store.calls).toHaveLength(1);
  await committer.settled();
});

test('a lazy unit waits for the next one and travels with it; alone it leaves after a while', async () => {
  const { store, committer, clock } = bench();
  const lazy = committer.commit(unit('t1'), true);
  await turns();
  expect(store.calls).toHaveLength(0);
  await committer.commit(unit('t2'));
  await lazy;
  expect(idsOf(store.applied)).toEqual(['t1', 't2']);
  expect(store.applied).toHaveLength(1);
  const alone = committer.commit(unit('t3'), true);
  await pass(clock, 50);
  await alone;
  expect(idsOf(store.applied)).toEqual(['t1', 't2', 't3']);
});

test('what is lazy is committed before a shard changes hands', async () => {
  const { store, committer } = bench();
  const lazy = committer.commit(unit('t1'), true);
  await committer.settled();
  await lazy;
  expect(idsOf(store.applied)).toEqual(['t1']);
});

test('whatever answers get lost, units are applied whole, once and in the order in which they were given', async () => {
  const fault = fc.constantFrom<StoreFault>('away', 'away-late', 'answer-lost', 'answer-late');
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { maxLength: 20 }), fc.nat(), async (faults, seed) => {
      const { store, committer, clock } = bench();
      store.faults = [...faults];
      const random = seededRandom(seed);
      const told: string[] = [];
      const names = Array.from({ length: 20 }, (_, index) => `t${index}`);
      const all = names.map(async (name) => {
        await turns(Math.floor(random.next() * 3) - 1);
        await committer.commit([...unit(name), ...unit(`${name}b`)]);
        told.push(name);
      });
      for (let round = 0; told.length < names.length && round < 500; round += 1) {
        clock.advance(1_000);
        await turns(2);
      }
      await Promise.all(all);
      const applied = idsOf(store.applied);
      expect(new Set(applied).size).toBe(applied.length);
      expect(applied).toEqual(told.flatMap((name) => [name, `${name}b`]));
      expect(store.applied.map((batch) => batch.batchSeq)).toEqual(
        store.applied.map((_, index) => index + 1),
      );
    }),
    { numRuns: 60 },
  );
});
