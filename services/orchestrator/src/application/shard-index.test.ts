import { deferred, ManualClock } from '@multiswarm/core';
import { turns } from '@multiswarm/testing';
import { queuedTask } from '../../test/support/builders';
import { criteriaOf } from '../domain/search/criteria';
import type { TaskRecord } from '../domain/task/record';
import type { Write } from '../ports';
import { ShardIndex } from './shard-index';
import { Breather } from './breather';
import { Turns } from './turns';

const ids = Array.from({ length: 3 }, (_, n) => `t0-0000000${n}`);
const [A = '', B = '', C = ''] = ids;

/** What is stored when an owner begins, and a gate before each read of records. */
function bench(stored: TaskRecord[], shared = new Turns()) {
  const records = new Map(stored.map((record) => [record.id, record]));
  const clock = new ManualClock();
  const state = { closed: false, failures: 0, reads: 0, faults: 0, gate: deferred<void>() };
  const index = new ShardIndex({
    ...{ shard: 0, clock, turns: shared, breather: new Breather(clock), rowsAtOnce: 2 },
    store: {
      idCount: () => Promise.resolve(records.size),
      ids: async function* () {
        yield await Promise.resolve([...records.keys(), 'w0-00000001']);
      },
      tasks: async (_shard, asked) => {
        state.reads += 1;
        if (state.failures-- > 0) throw new Error('Redis does not answer');
        // As it was when it was asked for, whatever is committed before the answer is here.
        const found = asked.map((id) => records.get(id));
        await state.gate.promise;
        return found;
      },
    },
    isClosed: () => state.closed,
    onFault: () => (state.faults += 1),
  });
  const list = async (filter = {}): Promise<string[]> =>
    (await index.page({ criteria: criteriaOf(filter), order: 'created', before: undefined, limit: 9 })).map(
      ({ id }) => id,
    );
  return { index, state, clock, list };
}

const task = (id: string, given: Partial<TaskRecord> = {}): TaskRecord => ({ ...queuedTask(id), ...given });
const written = (record: TaskRecord): Write => ({ kind: 'task', record, isNew: false });

test('until all that was stored has been read it answers nothing, and says how far it is', async () => {
  const { index, state, list } = bench([task(A), task(B)]);
  const built = index.build();
  await turns(3);
  index.committed([written(task(C))]);
  await expect(list()).rejects.toMatchObject({
    code: 'not-ready',
    retryable: true,
    message: expect.stringContaining('1 of about 2'),
  });
  await expect(index.counts(criteriaOf({}), 'state')).rejects.toMatchObject({ code: 'not-ready' });
  state.gate.resolve();
  await built;
  expect(await list()).toEqual([C, B, A]);
  expect(await index.counts(criteriaOf({}), 'state')).toEqual({
    groups: new Map([['queued', 3]]),
    others: 0,
  });
});

test('what a commit has told stands, whatever is read of the time before: changes, ends and deletions', async () => {
  const { index, state, list } = bench([task(A), task(B), task(C)]);
  const built = index.build();
  await turns(3);
  index.committed([
    written(task(A, { state: 'running' })),
    { kind: 'forget', root: B, taskIds: [B] },
    written(task(C)),
    { kind: 'forget', root: C, taskIds: [C] },
    written(task(C, { state: 'failed' })),
  ]);
  state.gate.resolve();
  await built;
  expect(await list()).toEqual([C, A]);
  expect(await list({ state: 'running' })).toEqual([A]);
  expect(await list({ state: 'failed' })).toEqual([C]);
});

test('what waits and was read for its timers is not read again', async () => {
  const { index, state, list } = bench([task(A), task(B)]);
  index.take([task(A), task(B)]);
  state.gate.resolve();
  await index.build();
  expect(state.reads).toBe(0);
  expect(await list()).toEqual([B, A]);
});

test('a read that fails is made again, and none once the shard has another owner', async () => {
  const { index, state, clock, list } = bench([task(A)]);
  state.gate.resolve();
  state.failures = 2;
  const built = index.build();
  for (let waits = 0; waits < 2; waits += 1) {
    await turns(5);
    clock.advance(1_000);
  }
  await built;
  expect(state.faults).toBe(2);
  expect(await list()).toEqual([A]);
  const other = bench([task(A)]);
  other.state.closed = true;
  await other.index.build();
  expect(other.state.reads).toBe(0);
});

test('one page of records is read at a time, for whichever shard', async () => {
  const shared = new Turns();
  const [one, two] = [bench([task(A)], shared), bench([task(A)], shared)];
  const built = [one.index.build(), two.index.build()];
  await turns(10);
  expect(one.state.reads + two.state.reads).toBe(1);
  one.state.gate.resolve();
  two.state.gate.resolve();
  await Promise.all(built);
  expect(one.state.reads + two.state.reads).toBe(2);
});
