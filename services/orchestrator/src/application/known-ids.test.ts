import { deferred, ManualClock } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import { KnownIds } from './known-ids';

/** Ids as a store has them, and what an owner has under way to it. */
function bench(stored: string[] = []) {
  const clock = new ManualClock();
  const faults: unknown[] = [];
  const state = {
    stored,
    /** What `idCount` answers, where that is not how many there are. */
    counted: undefined as number | undefined,
    failures: 0,
    scans: 0,
    committed: (): Promise<unknown> => Promise.resolve(),
    closed: false,
  };
  const ids = new KnownIds({
    shard: 0,
    clock,
    store: {
      idCount: async () => {
        if (state.failures-- > 0) throw new Error('Redis does not answer');
        return Promise.resolve(state.counted ?? state.stored.length);
      },
      ids: async function* () {
        state.scans += 1;
        for (const id of [...state.stored]) yield await Promise.resolve([id]);
      },
    },
    committed: () => state.committed(),
    isClosed: () => state.closed,
    onFault: (fault) => faults.push(fault),
  });
  return { ids, state, clock, faults };
}

test('until what is stored has been read no id is said to be new', async () => {
  const { ids } = bench(['t0-old']);
  ids.add('t0-mine');
  expect(ids.isNew('t0-other')).toBe(false);
  await ids.learn();
  expect(['t0-old', 't0-other'].map((id) => ids.isNew(id))).toEqual([false, true]);
});

test('an id that was given out is not new, whenever that was', async () => {
  const { ids, state } = bench();
  const gate = deferred<void>();
  state.committed = () => gate.promise;
  ids.add('t0-before');
  const learning = ids.learn();
  await turns(2);
  ids.add('t0-meanwhile');
  // What was given out before is committed by the time at which that is read.
  state.stored.push('t0-before');
  gate.resolve();
  await learning;
  ids.add('t0-after');
  for (const id of ['t0-before', 't0-meanwhile', 't0-after'])
    expect({ id, isNew: ids.isNew(id) }).toEqual({ id, isNew: false });
  expect(ids.isNew('t0-other')).toBe(true);
});

test('while Redis is away every id may be known, and it is asked again', async () => {
  const { ids, state, clock, faults } = bench(['t0-old']);
  state.failures = 2;
  const learning = ids.learn();
  await turns(2);
  expect(ids.isNew('t0-other')).toBe(false);
  await pass(clock, 2_000);
  await learning;
  expect(faults).toHaveLength(2);
  expect(ids.isNew('t0-other')).toBe(true);
});

test('a filter that is full is replaced, and has room again', async () => {
  const { ids, state } = bench();
  await ids.learn();
  const many = Array.from({ length: 16_385 }, (_, index) => `t0-${index}`);
  state.stored.push(...many);
  for (const id of many) ids.add(id);
  await turns(1);
  expect(state.scans).toBe(2);
  while (!ids.isNew('t0-other')) await turns(100);
  expect(many.some((id) => ids.isNew(id))).toBe(false);
});

test('with more ids than a filter may have room for every one is looked up', async () => {
  const { ids, state } = bench();
  state.counted = 3_000_000;
  await ids.learn();
  expect(ids.isNew('t0-other')).toBe(false);
  expect(state.scans).toBe(0);
});

test('an owner that has closed reads no further', async () => {
  const { ids, state } = bench(['t0-1', 't0-2']);
  state.failures = 1;
  state.closed = true;
  await ids.learn();
  expect(ids.isNew('t0-other')).toBe(false);
});
