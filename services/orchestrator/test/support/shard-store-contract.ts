import { EventBatch, type EventType, type TaskFilter, type TaskState } from '@multiswarm/contracts';
import { seededRandom, systemClock } from '@multiswarm/core';
import { Change } from '../../src/application/change';
import { numbersOf, textOf } from '../../src/application/event-batches';
import { ShardIndex } from '../../src/application/shard-index';
import { Breather } from '../../src/application/breather';
import { Turns } from '../../src/application/turns';
import { criteriaOf } from '../../src/domain/search/criteria';
import type { TaskCommand, TaskRecord, Transition } from '../../src/domain/task/record';
import { transition } from '../../src/domain/task/transition';
import type { RunProgress, RunRecord, RunStep } from '../../src/domain/workflow/run';
import type { Batch, EventMessage, ShardStore, TruthReader, WaitingPlace, Write } from '../../src/ports';
import { event, placement, queuedTask, runOf, stepTaskId } from './builders';

export interface StoreUnderTest {
  store: ShardStore;
  truth: TruthReader;
  /** Takes a shard over, as a lease does. */
  take(shard: number): Promise<{ epoch: number; batchSeq: number }>;
}

const SHARD = 0;
const RUN = 'w0-00000001';
const T1 = 't0-00000001';
const T2 = 't0-00000002';
const PROGRESS: RunProgress = { counts: { blocked: 2 }, cost: 0, events: 3 };

/** What every `ShardStore` has to do, whatever it is made of. */
export function shardStoreContract(make: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let epoch: number;
  let batchSeq: number;

  beforeEach(async () => {
    under = await make();
    ({ epoch, batchSeq } = await under.take(SHARD));
  });

  // A batch takes a number per message, and carries the last.
  const batchOf = (...writes: Write[]): Batch => {
    const after = batchSeq;
    batchSeq += numbersOf(writes);
    return { shard: SHARD, epoch, after, batchSeq, writes };
  };
  const commit = (...writes: Write[]) => under.store.commit(batchOf(...writes));
  const waiting = async (after?: WaitingPlace, limit = 100): Promise<string[]> =>
    (await under.store.waiting(SHARD, after, limit)).map(({ id }) => id);
  const active = async (): Promise<string[]> =>
    (await under.store.loadActive(SHARD)).tasks.map(({ id }) => id).sort();
  const stepOf = (name: string): TaskRecord => queuedTask(stepTaskId(name), { workflowId: RUN, step: name });

  test('what was committed is read as it was', async () => {
    const record = queuedTask(T1, { input: { text: 'é \u0000 "quoted"', list: [1, null, true] } }, 1_234);
    expect(await commit(created(record), happened(T1, 1, 'task.submitted'))).toBe('committed');
    expect(await under.store.waiting(SHARD, undefined, 10)).toEqual([record]);
    expect(await under.store.tasks(SHARD, [T2, T1])).toEqual([undefined, record]);
    expect(await under.truth.task(SHARD, T1)).toEqual(record);
    expect(await under.store.loadActive(SHARD)).toEqual({ tasks: [], runs: [], endedSteps: [] });
    const ended: TaskRecord = {
      ...record,
      state: 'succeeded',
      output: null,
      endedAt: 9,
      cost: 0.5,
      events: 4,
    };
    await commit(changed(ended, 'queued'));
    expect(await under.store.tasks(SHARD, [T1])).toEqual([ended]);
  });

  test('the same batch again is told as applied, and does nothing twice', async () => {
    const batch = batchOf(created(queuedTask(T1)), happened(T1, 1), counted('queued', 1));
    expect(await under.store.commit(batch)).toBe('committed');
    expect(await under.store.commit(batch)).toBe('applied');
    expect(await under.truth.history(SHARD, T1)).toHaveLength(1);
    expect(await under.truth.counts(SHARD)).toEqual({ queued: 1 });
    expect(await under.store.outbox(SHARD, 0, 10)).toHaveLength(1);
  });

  test('of a batch that comes before the one it follows nothing is written, until that one is there', async () => {
    const [first, second] = [batchOf(created(queuedTask(T1))), batchOf(created(queuedTask(T2)))];
    expect(await under.store.commit(second)).toBe('gap');
    expect(await waiting()).toEqual([]);
    expect(await under.store.commit(first)).toBe('committed');
    expect(await under.store.commit(second)).toBe('committed');
    expect(await under.store.commit(first)).toBe('applied');
    expect(await waiting()).toEqual([T1, T2]);
  });

  test('the ids of all that is stored can be read, of ended tasks and of runs too', async () => {
    const step = stepOf('a');
    await commit(created(queuedTask(T1)), created(queuedTask(T2)), created(step));
    await commit(changed({ ...queuedTask(T1), state: 'succeeded', endedAt: 9 }, 'queued'));
    await commit({ kind: 'run', record: runOf(RUN, { a: [] }), progress: PROGRESS, isNew: true });
    const found: string[] = [];
    for await (const page of under.store.ids(SHARD)) found.push(...page);
    expect(found.sort()).toEqual([T1, T2, step.id, RUN].sort());
    expect(await under.store.idCount(SHARD)).toBe(4);
  });

  test('an index that is built of what is stored finds what one finds that has followed the commits', async () => {
    const faults: unknown[] = [];
    const breather = new Breather(systemClock);
    const [followed, built] = [1, 2].map(
      () =>
        new ShardIndex({
          ...{ shard: SHARD, store: under.store, clock: systemClock, turns: new Turns(), breather },
          ...{ isClosed: () => false, onFault: (error) => void faults.push(error) },
        }),
    ) as [ShardIndex, ShardIndex];
    const write = async (...writes: Write[]): Promise<void> => {
      await commit(...writes);
      followed.committed(writes);
    };
    await followed.build();
    const metadata = { customer: 'Ärger & Söhne', n: 3, urgent: true };
    const one = queuedTask(T1, { metadata }, 1);
    const two = queuedTask(T2, { metadata, namespace: 'shop' }, 2);
    await write(created(one), created(two), created(stepOf('a')), created(stepOf('b')));
    const error = { code: 'no-key', message: 'none', retryable: false };
    const attempt = { attempt: 1, ...placement(), assignedAt: 3 };
    await write(
      changed({ ...two, state: 'failed', since: 9, endedAt: 9, error, attempts: [attempt] }, 'queued'),
    );
    await write({ kind: 'forget', root: stepTaskId('b'), taskIds: [stepTaskId('b')] });
    await built.build();
    const filters: TaskFilter[] = [
      {},
      { state: 'failed', code: 'no-key', swarm: 'a', region: 'eu-*', namespace: 'shop' },
      { label: ['n=3', 'urgent=true'], text: 'SÖHNE', createdBefore: new Date(2).toISOString() },
      { endedAfter: new Date(9).toISOString() },
    ];
    const found: number[] = [];
    for (const criteria of filters.map(criteriaOf)) {
      const asked = { criteria, before: undefined, limit: 10 };
      for (const order of ['created', 'updated'] as const) {
        const page = await built.page({ ...asked, order });
        expect(page).toEqual(await followed.page({ ...asked, order }));
        if (order === 'created') found.push(page.length);
      }
      for (const by of ['state', 'code', 'label:customer'])
        expect(await built.counts(criteria, by)).toEqual(await followed.counts(criteria, by));
    }
    expect(found).toEqual([3, 1, 1, 1]);
    expect(faults).toEqual([]);
  });

  test('of an older epoch nothing is written, and the numbers of batches go on under the new one', async () => {
    await commit(created(queuedTask(T1)));
    const late = batchOf(created(queuedTask(T2)), happened(T2, 1), counted('queued', 1));
    const next = await under.take(SHARD);
    expect(next.batchSeq).toBe(1);
    expect(next.epoch).toBeGreaterThan(epoch);
    expect(await under.store.commit(late)).toBe('stale');
    expect(await waiting()).toEqual([T1]);
    expect(await under.store.outbox(SHARD, 0, 10)).toEqual([]);
    const own = { ...late, epoch: next.epoch };
    expect(await under.store.commit(own)).toBe('committed');
  });

  test('batches of several shards that are given together have each its own result', async () => {
    const leases = await Promise.all([1, 2, 3].map((shard) => under.take(shard)));
    const batch = (shard: number, by: Partial<Batch> = {}): Batch => ({
      shard,
      epoch: leases[shard - 1]?.epoch ?? 0,
      after: 0,
      batchSeq: 1,
      writes: [created(queuedTask(`t${shard}-00000001`))],
      ...by,
    });
    const twice = batch(2);
    expect(await under.store.commit(twice)).toBe('committed');
    await under.take(3);
    const results = [batch(1), twice, batch(3)].map((each) => under.store.commit(each));
    expect(await Promise.all(results)).toEqual(['committed', 'applied', 'stale']);
    const stored = await Promise.all([1, 2, 3].map((shard) => under.store.waiting(shard, undefined, 10)));
    expect(stored.map((each) => each.length)).toEqual([1, 1, 0]);
  });

  test('of several writes of one task or run in one batch the last one stands', async () => {
    const record = queuedTask(T1);
    const run = runOf(RUN, { a: [] });
    await commit(
      created(record),
      counted('queued', 1),
      changed({ ...record, state: 'assigned', attempt: 1 }, 'queued'),
      counted('queued', -1),
      counted('assigned', 1),
      changed({ ...record, state: 'running', attempt: 1 }, 'assigned'),
      written(run, true),
      { kind: 'run-progress', runId: RUN, progress: { counts: { queued: 1 }, cost: 1, events: 4 } },
      written({ ...run, cancel: { at: 1, reason: 'x' } }, false, { counts: {}, cost: 2, events: 5 }),
    );
    const loaded = await under.store.loadActive(SHARD);
    expect(loaded.tasks).toEqual([{ ...record, state: 'running', attempt: 1 }]);
    expect(loaded.runs).toEqual([
      { run: { ...run, cancel: { at: 1, reason: 'x' } }, progress: { counts: {}, cost: 2, events: 5 } },
    ]);
    expect(await waiting()).toEqual([]);
    expect(await under.truth.counts(SHARD)).toEqual({ assigned: 1 });
    await commit({ kind: 'run-progress', runId: RUN, progress: PROGRESS });
    expect((await under.truth.run(SHARD, RUN))?.progress).toEqual(PROGRESS);
    expect(await under.store.progressOf(SHARD, ['w0-99999999', RUN])).toEqual([undefined, PROGRESS]);
    const heard = [{ name: 'go', at: 5 }];
    await commit(written({ ...run, heard }, false));
    expect(await under.store.signalsOf(SHARD, RUN)).toMatchObject({ heard });
    expect(await under.store.signalsOf(SHARD, 'w0-99999999')).toBeUndefined();
  });

  test('a task that was placed and back in one batch waits, as before', async () => {
    const record = queuedTask(T1);
    await commit(created(record));
    await commit(
      changed({ ...record, state: 'assigned' }, 'queued'),
      changed({ ...record, state: 'backoff', retryAt: 5 }, 'assigned'),
    );
    expect(await under.store.waiting(SHARD, undefined, 10)).toEqual([
      { ...record, state: 'backoff', retryAt: 5 },
    ]);
    expect(await active()).toEqual([]);
  });

  test.each<[TaskState, 'waits' | 'is active' | 'is neither']>([
    ['queued', 'waits'],
    ['blocked', 'waits'],
    ['waiting', 'waits'],
    ['backoff', 'waits'],
    ['assigned', 'is active'],
    ['running', 'is active'],
    ['succeeded', 'is neither'],
    ['failed', 'is neither'],
    ['cancelled', 'is neither'],
    ['expired', 'is neither'],
    ['skipped', 'is neither'],
  ])('a lone task that is %s %s, whatever it was before', async (state, where) => {
    const record = queuedTask(T1);
    for (const was of ['queued', 'backoff', 'assigned', 'running', 'failed'] as const) {
      const before = { ...record, state: was };
      await commit({ kind: 'forget', root: T1, taskIds: [T1] }, created(before));
      await commit(changed({ ...record, state }, was));
      expect(await waiting()).toEqual(where === 'waits' ? [T1] : []);
      expect(await active()).toEqual(where === 'is active' ? [T1] : []);
      expect((await under.truth.task(SHARD, T1))?.state).toBe(state);
    }
  });

  test('waiting tasks come in the order of their submission, equals by id, page by page, each once', async () => {
    const at = (id: string, order: number): TaskRecord => ({ ...queuedTask(id), order });
    const orders = [5, 3, 3, 9, 3, 7, 3, 1_763_830_066_970_123, 1_763_830_066_970_122];
    const records = orders.map((order, index) => at(`t0-0000000${9 - index}`, order));
    await commit(...records.map(created));
    const line = [...records].sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
    for (const size of [1, 2, 3, 4, 100]) {
      const seen: TaskRecord[] = [];
      for (let after: TaskRecord | undefined; ;) {
        const page = await under.store.waiting(SHARD, after, size);
        seen.push(...page);
        after = page.at(-1);
        if (!after || page.length < size) break;
      }
      expect(seen).toEqual(line);
    }
  });

  test('between two pages tasks may come and go: those that stay are seen once, and the place need not exist any more', async () => {
    const tasks = Array.from({ length: 10 }, (_, index) => queuedTask(`t0-0000000${index}`, {}, index >> 1));
    await commit(...tasks.map(created));
    const first = await under.store.waiting(SHARD, undefined, 4);
    const [, a1, , a3, a4, a5] = tasks as [
      TaskRecord,
      TaskRecord,
      TaskRecord,
      TaskRecord,
      TaskRecord,
      TaskRecord,
    ];
    const late = queuedTask('t0-00000003a', {}, 1);
    const early = queuedTask('t0-0000000', {}, 0);
    await commit(
      ...[a1, a3, a5].map((task) => changed({ ...task, state: 'assigned' }, 'queued')),
      changed({ ...a4, state: 'backoff' }, 'queued'),
      created(late),
      created(early),
    );
    const rest = await waiting(first.at(-1));
    expect(first.map(({ id }) => id)).toEqual(tasks.slice(0, 4).map(({ id }) => id));
    expect(rest).toEqual([late.id, ...tasks.slice(4).map(({ id }) => id)].filter((id) => id !== a5.id));
  });

  test('what has ended is not loaded, except the steps of a run that goes on', async () => {
    const record = runOf(RUN, { a: [], b: ['a'] });
    const alone = { ...queuedTask(T1), state: 'running' as const };
    const blocked = { ...stepOf('b'), state: 'blocked' as const };
    await commit(written(record, true), created(stepOf('a')), created(blocked), created(alone));
    expect(await active()).toEqual([stepTaskId('a'), stepTaskId('b'), T1].sort());
    const ended = { ...stepOf('a'), state: 'succeeded' as const, output: { made: 'by a' } };
    await commit(changed(ended, 'queued'), changed({ ...alone, state: 'cancelled' }, 'running'));
    expect(await under.store.loadActive(SHARD)).toEqual({
      tasks: [blocked],
      runs: [{ run: record, progress: PROGRESS }],
      endedSteps: [ended],
    });
    expect(await waiting()).toEqual([]);
    await commit(
      changed({ ...blocked, state: 'failed' }, 'blocked'),
      written({ ...record, state: 'failed', endedAt: 5 }, false),
    );
    expect(await under.store.loadActive(SHARD)).toEqual({ tasks: [], runs: [], endedSteps: [] });
  });

  test('the hash of a body tells a repetition from a conflict: undefined is nobody, empty is one without a key', async () => {
    await commit(
      created(queuedTask(T1, { bodyHash: 'h1', idempotencyKey: 'k' })),
      created(queuedTask(T2)),
      written(runOf(RUN, { a: [] }), true),
    );
    const ids = [RUN, 't0-00000003', T1, T2];
    expect(await under.store.bodyHashes(SHARD, ids)).toEqual(['hash', undefined, 'h1', '']);
    expect(await under.store.bodyHashes(SHARD, [])).toEqual([]);
  });

  test('hashes that are asked for at once are told to each who asks, also where they are many', async () => {
    const ids = Array.from({ length: 250 }, (_, n) => `t0-1${String(n).padStart(7, '0')}`);
    await commit(...ids.map((id) => created(queuedTask(id, { bodyHash: `of ${id}`, idempotencyKey: id }))));
    const [all, elsewhere, one] = await Promise.all([
      under.store.bodyHashes(SHARD, ids),
      under.store.bodyHashes(SHARD + 1, ids.slice(0, 2)),
      under.store.bodyHashes(SHARD, [T1, ids[7] ?? '']),
    ]);
    expect(all).toEqual(ids.map((id) => `of ${id}`));
    expect(elsewhere).toEqual([undefined, undefined]);
    expect(one).toEqual([undefined, `of ${ids[7]}`]);
  });

  test('events that the record tells are published and not kept', async () => {
    const record: TaskRecord = { ...queuedTask(T1, {}, 7), events: 2 };
    await commit({ kind: 'task', record, isNew: true, tells: 2 });
    const first = await under.truth.history(SHARD, T1);
    expect(first).toEqual([
      { ...event(T1, 1), type: 'task.submitted', at: 7, data: { type: 'build', priority: 'normal' } },
      { ...event(T1, 2), at: 7 },
    ]);
    const [message] = await under.store.outbox(SHARD, 0, 10);
    expect(eventsOf(message)).toEqual(first);
    expect(await under.truth.history(SHARD, 't0-00000009')).toEqual([]);
  });

  test('a history is told by the record as it is now, and kept in the order of its events once the record does not', async () => {
    let record: TaskRecord = { ...queuedTask(T1), events: 2 };
    await commit(created(record));
    const give = async (command: TaskCommand): Promise<void> => {
      const change = new Change(7);
      const next = transition(record, command, 7, seededRandom(1)) as Transition;
      change.task(record, next);
      record = next.record;
      await commit(...change.writes);
    };
    const typesOf = async () =>
      (await under.truth.history(SHARD, T1)).map(({ seq, type }) => `${seq} ${type}`);
    const types = ['1 task.submitted', '2 task.queued', '3 task.assigned'];
    await give({ kind: 'assign', attempt: 1, placement: placement() });
    expect(await typesOf()).toEqual(types);
    await give({ kind: 'refused', attempt: 1, reason: 'full' });
    expect(await typesOf()).toEqual([...types, '4 task.refused', '5 task.queued']);
    const [, message] = await under.store.outbox(SHARD, 0, 10);
    expect(eventsOf(message).map(({ seq }) => seq)).toEqual([4, 5]);
  });

  test('the events of a batch are published in their order, whatever roots they are of, and kept by root', async () => {
    const roots = [T1, T1, RUN, T1, T2, RUN, RUN, T2];
    const seqs = new Map<string, number>();
    const writes = roots.map((root): Write => {
      seqs.set(root, (seqs.get(root) ?? 0) + 1);
      return happened(root, seqs.get(root) ?? 0);
    });
    await commit(...writes);
    const [message] = await under.store.outbox(SHARD, 0, 10);
    expect(eventsOf(message).map(({ root }) => root)).toEqual(roots);
    for (const root of [T1, T2, RUN]) {
      const history = await under.truth.history(SHARD, root);
      expect(history.map(({ seq }) => seq)).toEqual([...Array(history.length).keys()].map((at) => at + 1));
      expect(history).toHaveLength(seqs.get(root) ?? 0);
    }
  });

  test('the outbox gives messages with events in order, from any number on, until they are trimmed', async () => {
    await commit(happened(T1, 1));
    await commit(created(queuedTask(T1)));
    await commit(happened(T1, 2), happened(T1, 3));
    await commit(happened(T1, 4));
    const seqs = async (after: number, limit = 10): Promise<number[]> =>
      (await under.store.outbox(SHARD, after, limit)).map((each) => each.batchSeq);
    expect(await seqs(0)).toEqual([1, 3, 4]);
    expect(await seqs(1)).toEqual([3, 4]);
    expect(await seqs(0, 2)).toEqual([1, 3]);
    const [message] = await under.store.outbox(SHARD, 1, 1);
    expect(message).toMatchObject({ shard: SHARD, epoch, batchSeq: 3 });
    expect(EventBatch.parse(JSON.parse(message ? textOf(message) : ''))).toMatchObject({
      v: 1,
      shard: SHARD,
      epoch,
      batchSeq: 3,
      events: [{ seq: 2 }, { seq: 3 }],
    });
    await under.store.trimOutbox(SHARD, 3);
    expect(await seqs(0)).toEqual([4]);
  });

  test('events that are more than one message carries are several, with numbers that go on', async () => {
    const big: Write[] = [1, 2, 3].map((seq) => ({
      kind: 'event',
      event: { ...event(T1, seq), data: { text: 'x'.repeat(400_000) } },
    }));
    await commit(...big);
    const messages = await under.store.outbox(SHARD, 0, 10);
    expect(messages.map((each) => [each.batchSeq, eventsOf(each).map(({ seq }) => seq)])).toEqual([
      [1, [1]],
      [2, [2]],
      [3, [3]],
    ]);
    expect((await under.truth.history(SHARD, T1)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    await commit(happened(T1, 4));
    expect((await under.store.outbox(SHARD, 3, 10)).map((each) => each.batchSeq)).toEqual([4]);
  });

  test('a batch of tens of thousands of writes is one batch', async () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `t0-${String(index).padStart(8, '0')}`);
    await commit(
      ...ids.map((id) => created(queuedTask(id))),
      ...ids.map((_, index) => happened(RUN, index + 1)),
      ...ids.map((id) => happened(id, 1)),
    );
    expect((await under.store.waiting(SHARD, undefined, 20_000)).map(({ id }) => id)).toEqual(ids);
    expect(await under.truth.history(SHARD, RUN)).toHaveLength(10_000);
    const part = await under.truth.history(SHARD, RUN, { after: 9_000, most: 5 });
    expect(part.map(({ seq }) => seq)).toEqual([9_001, 9_002, 9_003, 9_004, 9_005]);
    expect(await under.truth.history(SHARD, RUN, { after: 10_000, most: 5 })).toEqual([]);
    await commit(...ids.map((id) => changed({ ...queuedTask(id), state: 'running' }, 'queued')));
    expect(await active()).toEqual(ids);
    await commit(...ids.map((id): Write => ({ kind: 'forget', root: id, taskIds: [id] })));
    expect(await active()).toEqual([]);
    expect(await under.truth.recent('tasks', SHARD, undefined, 10)).toEqual([]);
  });

  test('roots are due in the order in which their time passes, with the tasks that go with them, and are gone afterwards', async () => {
    const record = { ...runOf(RUN, { a: [], b: [] }), state: 'succeeded' as const };
    const step = (name: string): TaskRecord => ({ ...stepOf(name), state: 'succeeded' });
    await commit(created({ ...queuedTask(T1), state: 'cancelled' }), rootEnded(T1, 200));
    await commit(written(record, true), created(step('a')), created(step('b')), happened(RUN, 1));
    await commit(rootEnded(RUN, 100));
    expect(await under.store.expired(SHARD, 99, 10)).toEqual([]);
    const due = await under.store.expired(SHARD, 200, 10);
    expect(due).toEqual([
      { root: RUN, taskIds: [stepTaskId('a'), stepTaskId('b')] },
      { root: T1, taskIds: [T1] },
    ]);
    expect(await under.store.expired(SHARD, 200, 1)).toEqual(due.slice(0, 1));
    await commit(...due.map((each): Write => ({ kind: 'forget', ...each })));
    expect(await under.store.expired(SHARD, 200, 10)).toEqual([]);
    const ids = [RUN, T1, stepTaskId('a')];
    expect(await under.store.bodyHashes(SHARD, ids)).toEqual([undefined, undefined, undefined]);
    expect(await under.truth.history(SHARD, RUN)).toEqual([]);
  });

  describe('steps that a run gets while it runs', () => {
    const [first, more] = [runOf(RUN, { a: [] }), runOf(RUN, { x: ['a'], y: ['x'], z: [] }).spec.steps];
    const [x, y, z] = more;
    const added = (from: number, ...steps: (RunStep | undefined)[]): Write => ({
      ...{ kind: 'run-steps', runId: RUN, from },
      steps: steps.filter((step) => step !== undefined),
    });
    const stepsOf = async (): Promise<[loaded: string[], read: string[]]> => {
      const [loaded] = (await under.store.loadActive(SHARD)).runs;
      const read = await under.truth.run(SHARD, RUN);
      return [idsOf(loaded?.run), idsOf(read?.run)];
    };

    test('come behind those that it had, in the order in which they came, in as many batches as they like', async () => {
      await commit(written(first, true), created(stepOf('a')));
      await commit(added(1, x), created(stepOf('x')), added(2, y), created(stepOf('y')));
      expect(await stepsOf()).toEqual([
        ['a', 'x', 'y'],
        ['a', 'x', 'y'],
      ]);
      const again = batchOf(added(3, z), created(stepOf('z')));
      expect(await under.store.commit(again)).toBe('committed');
      expect(await under.store.commit(again)).toBe('applied');
      expect(await stepsOf()).toEqual([
        ['a', 'x', 'y', 'z'],
        ['a', 'x', 'y', 'z'],
      ]);
      expect((await under.truth.run(SHARD, RUN))?.run.spec.steps.slice(1)).toEqual(more);
      expect(await active()).toEqual(['a', 'x', 'y', 'z'].map(stepTaskId).sort());
    });

    test('are there once in a run that is new in the same batch, and stay when its state is written', async () => {
      const { spec } = first;
      const whole = { ...first, spec: { ...spec, steps: [...spec.steps, ...more] } };
      const writes = [
        created(stepOf('a')),
        added(1, x, y, z),
        ...['x', 'y', 'z'].map((id) => created(stepOf(id))),
      ];
      await commit(written(first, true), ...writes, written(whole, false));
      const maps = { a: 3 };
      await commit(written({ ...whole, maps }, false));
      expect(await stepsOf()).toEqual([
        ['a', 'x', 'y', 'z'],
        ['a', 'x', 'y', 'z'],
      ]);
      expect((await under.truth.run(SHARD, RUN))?.run.maps).toEqual(maps);
    });

    test('go with their run when its retention has passed', async () => {
      await commit(written(first, true), created(stepOf('a')));
      await commit(added(1, x), created(stepOf('x')));
      await commit(written({ ...first, state: 'succeeded' }, false), rootEnded(RUN, 100));
      const due = await under.store.expired(SHARD, 100, 10);
      expect(due).toEqual([{ root: RUN, taskIds: ['a', 'x'].map(stepTaskId) }]);
      await commit(...due.map((each): Write => ({ kind: 'forget', ...each })));
      expect(await under.store.tasks(SHARD, ['a', 'x'].map(stepTaskId))).toEqual([undefined, undefined]);
      expect(await under.truth.run(SHARD, RUN)).toBeUndefined();
    });
  });

  test('a root that was opened again is not due, until it has ended again', async () => {
    const record = queuedTask(T1);
    await commit(created({ ...record, state: 'failed' }), rootEnded(T1, 100));
    await commit(changed(record, 'failed'), { kind: 'root-reopened', root: T1 });
    expect(await under.store.expired(SHARD, 1_000, 10)).toEqual([]);
    expect(await waiting()).toEqual([T1]);
    await commit(rootEnded(T1, 500), { kind: 'root-reopened', root: T1 }, rootEnded(T1, 700));
    expect(await under.store.expired(SHARD, 600, 10)).toEqual([]);
    expect(await under.store.expired(SHARD, 700, 10)).toEqual([{ root: T1, taskIds: [T1] }]);
  });

  describe('dead letters', () => {
    const letters = async (before?: { at: number; id: string }, limit = 10): Promise<string[]> =>
      (await under.truth.deadLetters(SHARD, before, limit)).map(({ id }) => id);
    const failed = (id: string, at: number, given: Record<string, unknown> = {}): TaskRecord => ({
      ...queuedTask(id, given),
      state: 'failed',
      since: at,
      endedAt: at,
      error: { code: 'no-key', message: 'the key has expired', retryable: false },
    });

    test.each<[TaskState, boolean]>([
      ['failed', true],
      ['expired', true],
      ['cancelled', false],
      ['succeeded', false],
      ['skipped', false],
      ['queued', false],
      ['running', false],
      ['backoff', false],
    ])('a lone task that is %s is one: %s, whatever it was before', async (state, isLetter) => {
      const record = queuedTask(T1);
      for (const was of ['queued', 'running', 'failed', 'expired'] as const) {
        await commit({ kind: 'forget', root: T1, taskIds: [T1] }, created({ ...record, state: was }));
        await commit(changed({ ...record, state }, was));
        expect(await letters()).toEqual(isLetter ? [T1] : []);
      }
      await commit({ kind: 'forget', root: T1, taskIds: [T1] }, created({ ...record, state }));
      expect(await letters()).toEqual(isLetter ? [T1] : []);
    });

    test('each tells when it ended, and what it is filtered by', async () => {
      await commit(created(failed(T1, 7, { type: 'report', namespace: 'shop' })));
      await commit(created({ ...failed(T2, 8), state: 'expired', error: undefined }));
      const facts = { state: 'failed', type: 'report', namespace: 'shop', code: 'no-key' };
      expect(await under.truth.deadLetters(SHARD, undefined, 10)).toEqual([
        { id: T2, at: 8, facts: { state: 'expired', type: 'build', namespace: 'default', code: '' } },
        { id: T1, at: 7, facts },
      ]);
    });

    test('a step is none: it belongs to its run', async () => {
      await commit(created({ ...stepOf('a'), state: 'failed' }));
      expect(await letters()).toEqual([]);
    });

    test('one that is opened again, purged or forgotten is none any more; one that fails again is again, at its new place', async () => {
      await commit(created(failed(T1, 1)), created(failed(T2, 2)));
      await commit(changed(queuedTask(T1), 'failed'), changed({ ...failed(T2, 2), purgedAt: 3 }, 'failed'));
      expect(await letters()).toEqual([]);
      await commit(changed(failed(T1, 9), 'running'), changed(failed(T2, 5), 'running'));
      expect(await letters()).toEqual([T1, T2]);
      await commit({ kind: 'forget', root: T1, taskIds: [T1] });
      expect(await letters()).toEqual([T2]);
    });

    test('one that failed and was opened again in one batch is none', async () => {
      await commit(created(queuedTask(T1)));
      await commit(changed(failed(T1, 1), 'queued'), changed(queuedTask(T1), 'failed'));
      expect(await letters()).toEqual([]);
    });

    test('they come newest first and page by page, each once, also of one millisecond', async () => {
      const ids = Array.from({ length: 25 }, (_, index) => `t0-${String(index).padStart(8, '0')}`);
      await commit(...ids.map((id) => created(failed(id, 5))), created(failed('t0-99999999', 4)));
      const listed: string[] = [];
      for (let before: { at: number; id: string } | undefined; ;) {
        const page = await under.truth.deadLetters(SHARD, before, 4);
        listed.push(...page.map(({ id }) => id));
        before = page.at(-1);
        if (!before) break;
      }
      expect(listed).toEqual([...ids.reverse(), 't0-99999999']);
    });
  });

  test('what is forgotten may come again under its id in the same batch, and nothing of the old one is left', async () => {
    const old = { ...queuedTask(T1, { input: 'old' }), state: 'succeeded' as const, output: 1 };
    await commit(created(queuedTask(T1)), happened(T1, 1), happened(T1, 2));
    await commit(changed(old, 'queued'), rootEnded(T1, 5));
    const again = queuedTask(T1, { input: 'new' });
    await commit(
      happened(T1, 3),
      { kind: 'forget', root: T1, taskIds: [T1] },
      created(again),
      happened(T1, 1, 'task.submitted'),
    );
    expect(await under.truth.task(SHARD, T1)).toEqual(again);
    expect(await waiting()).toEqual([T1]);
    expect(await under.store.expired(SHARD, 10, 10)).toEqual([]);
    expect((await under.truth.history(SHARD, T1)).map(({ type }) => type)).toEqual(['task.submitted']);
    await commit(changed({ ...again, state: 'cancelled' }, 'queued'), rootEnded(T1, 5), {
      kind: 'forget',
      root: T1,
      taskIds: [T1],
    });
    expect(await under.truth.task(SHARD, T1)).toBeUndefined();
    expect(await under.store.expired(SHARD, 10, 10)).toEqual([]);
    expect(await under.truth.history(SHARD, T1)).toEqual([]);
  });

  test('lists give all of one millisecond, page by page, each once and newest first', async () => {
    const ids = Array.from({ length: 25 }, (_, index) => `t0-${String(index).padStart(8, '0')}`);
    await commit(...ids.map((id) => created({ ...queuedTask(id), createdAt: 5 })));
    await commit(created({ ...queuedTask('t0-99999999'), createdAt: 4 }));
    const listed: string[] = [];
    for (let before: { at: number; id: string } | undefined; ;) {
      const page = await under.truth.recent('tasks', SHARD, before, 4);
      listed.push(...page.map(({ id }) => id));
      before = page.at(-1);
      if (!before) break;
    }
    expect(listed).toEqual([...ids.reverse(), 't0-99999999']);
  });
}

function created(record: TaskRecord): Write {
  return { kind: 'task', record, isNew: true };
}

function changed(record: TaskRecord, was: TaskState): Write {
  return { kind: 'task', record, isNew: false, was };
}

function written(record: RunRecord, isNew: boolean, progress = PROGRESS): Write {
  return { kind: 'run', record, progress, isNew };
}

function happened(root: string, seq: number, type: EventType = 'task.queued'): Write & { kind: 'event' } {
  return { kind: 'event', event: { ...event(root, seq), type } };
}

function counted(state: string, by: number): Write {
  return { kind: 'count', state, by };
}

function idsOf(run: RunRecord | undefined): string[] {
  return run?.spec.steps.map(({ id }) => id) ?? [];
}

function rootEnded(root: string, expiresAt: number): Write {
  return { kind: 'root-ended', root, expiresAt };
}

function eventsOf(message: EventMessage | undefined): EventBatch['events'] {
  return EventBatch.parse(JSON.parse(message ? textOf(message) : 'null')).events;
}
