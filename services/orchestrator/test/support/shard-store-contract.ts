import type { EventType } from '@multiswarm/contracts';
import type { TaskRecord } from '../../src/domain/task/record';
import type { RunRecord } from '../../src/domain/workflow/run';
import type { Batch, ShardStore, Write } from '../../src/ports';
import { event, queuedTask, runOf, stepTaskId } from './builders';

export interface StoreUnderTest {
  store: ShardStore;
  /** Takes the shard over, as a lease does. */
  take(): Promise<{ epoch: number; batchSeq: number }>;
}

const SHARD = 0;
const RUN = 'w0-00000001';
const T1 = 't0-00000001';
const PROGRESS = { counts: { blocked: 2 }, cost: 0 };

/** What every `ShardStore` has to do, whatever it is made of. */
export function shardStoreContract(make: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let epoch: number;
  let batchSeq: number;

  beforeEach(async () => {
    under = await make();
    ({ epoch, batchSeq } = await under.take());
  });

  const batchOf = (...writes: Write[]): Batch => ({ shard: SHARD, epoch, batchSeq: (batchSeq += 1), writes });
  const commit = (...writes: Write[]) => under.store.commit(batchOf(...writes));
  const created = (record: TaskRecord): Write => ({ kind: 'task', record, isNew: true });
  const changed = (record: TaskRecord): Write => ({ kind: 'task', record, isNew: false });
  const run = (record: RunRecord, isNew: boolean): Write => ({
    kind: 'run',
    record,
    progress: PROGRESS,
    isNew,
  });
  const happened = (root: string, seq: number, type: EventType = 'task.queued'): Write => ({
    kind: 'event',
    event: { ...event(root, seq), type },
  });

  test('what was committed is loaded as it was', async () => {
    const record = queuedTask(T1, { input: { text: 'é \u0000 "quoted"', list: [1, null, true] } });
    expect(await commit(created(record), happened(T1, 1), happened(T1, 2))).toBe('committed');
    const loaded = await under.store.load(SHARD);
    expect(loaded).toEqual({ tasks: [record], runs: [], endedSteps: [], historyLengths: new Map([[T1, 2]]) });
  });

  test('the same batch again is told as applied, and does nothing twice', async () => {
    const batch = batchOf(created(queuedTask(T1)), happened(T1, 1), {
      kind: 'count',
      state: 'queued',
      by: 1,
    });
    expect(await under.store.commit(batch)).toBe('committed');
    expect(await under.store.commit(batch)).toBe('applied');
    expect((await under.store.load(SHARD)).historyLengths.get(T1)).toBe(1);
    expect(await under.store.outbox(SHARD, 0, 10)).toHaveLength(1);
  });

  test('of an older epoch nothing is written, and the numbers of batches go on under the new one', async () => {
    await commit(created(queuedTask(T1)));
    const late = batchOf(created(queuedTask('t0-00000002')));
    const next = await under.take();
    expect(next).toEqual({ epoch: epoch + 1, batchSeq: 1 });
    expect(await under.store.commit(late)).toBe('stale');
    expect((await under.store.load(SHARD)).tasks.map(({ id }) => id)).toEqual([T1]);
    const own = { ...late, epoch: next.epoch };
    expect(await under.store.commit(own)).toBe('committed');
  });

  test('what has ended is not loaded, except the steps of a run that goes on', async () => {
    const record = runOf(RUN, { a: [], b: ['a'] });
    const step = (name: string): TaskRecord => queuedTask(stepTaskId(name), { workflowId: RUN, step: name });
    const alone = queuedTask(T1);
    await commit(run(record, true), created(step('a')), created(step('b')), created(alone), happened(RUN, 1));
    const ended = { ...step('a'), state: 'succeeded' as const, output: { made: 'by a' } };
    await commit(changed(ended), changed({ ...alone, state: 'cancelled' }));
    const loaded = await under.store.load(SHARD);
    expect(loaded.tasks).toEqual([step('b')]);
    expect(loaded.endedSteps).toEqual([ended]);
    expect(loaded.runs).toEqual([record]);
    expect(loaded.historyLengths).toEqual(new Map([[RUN, 1]]));
    await commit(
      changed({ ...step('b'), state: 'failed' }),
      run({ ...record, state: 'failed', endedAt: 5 }, false),
    );
    expect(await under.store.load(SHARD)).toMatchObject({ tasks: [], runs: [], endedSteps: [] });
  });

  test('the hash of a body tells a repetition from a conflict: undefined is nobody, empty is one without a key', async () => {
    await commit(
      created(queuedTask(T1, { bodyHash: 'h1', idempotencyKey: 'k' })),
      created(queuedTask('t0-00000002')),
      run(runOf(RUN, { a: [] }), true),
    );
    const ids = [RUN, 't0-00000003', T1, 't0-00000002'];
    expect(await under.store.bodyHashes(SHARD, ids)).toEqual(['hash', undefined, 'h1', '']);
    expect(await under.store.bodyHashes(SHARD, [])).toEqual([]);
  });

  test('the outbox gives batches of events in order, from any number on, until they are trimmed', async () => {
    await commit(happened(T1, 1));
    await commit(created(queuedTask(T1)));
    await commit(happened(T1, 2), happened(T1, 3));
    await commit(happened(T1, 4));
    const seqs = async (after: number, limit = 10): Promise<number[]> =>
      (await under.store.outbox(SHARD, after, limit)).map((each) => each.batchSeq);
    expect(await seqs(0)).toEqual([1, 3, 4]);
    expect(await seqs(1)).toEqual([3, 4]);
    expect(await seqs(0, 2)).toEqual([1, 3]);
    const [batch] = await under.store.outbox(SHARD, 1, 1);
    expect(batch).toMatchObject({ v: 1, shard: SHARD, epoch, events: [{ seq: 2 }, { seq: 3 }] });
    await under.store.trimOutbox(SHARD, 3);
    expect(await seqs(0)).toEqual([4]);
  });

  test('events that are more than one message carries are several, with numbers that go on', async () => {
    const big: Write[] = [1, 2, 3].map((seq) => ({
      kind: 'event',
      event: { ...event(T1, seq), data: { text: 'x'.repeat(400_000) } },
    }));
    batchSeq += 2; // a batch takes a number per message, and carries the last
    await commit(...big);
    const batches = await under.store.outbox(SHARD, 0, 10);
    expect(batches.map((each) => [each.batchSeq, each.events.map(({ seq }) => seq)])).toEqual([
      [1, [1]],
      [2, [2]],
      [3, [3]],
    ]);
    await commit(happened(T1, 4));
    expect((await under.store.outbox(SHARD, 3, 10)).map((each) => each.batchSeq)).toEqual([4]);
  });

  test('roots are due in the order in which their time passes, with the tasks that go with them, and are gone afterwards', async () => {
    const record = { ...runOf(RUN, { a: [], b: [] }), state: 'succeeded' as const };
    const step = (name: string): TaskRecord => ({ ...queuedTask(stepTaskId(name)), state: 'succeeded' });
    await commit(created({ ...queuedTask(T1), state: 'cancelled' }), {
      kind: 'root-ended',
      root: T1,
      expiresAt: 200,
    });
    await commit(run(record, true), created(step('a')), created(step('b')), happened(RUN, 1));
    await commit({ kind: 'root-ended', root: RUN, expiresAt: 100 });
    expect(await under.store.expired(SHARD, 99, 10)).toEqual([]);
    const due = await under.store.expired(SHARD, 200, 10);
    expect(due).toEqual([
      { root: RUN, taskIds: [stepTaskId('a'), stepTaskId('b')] },
      { root: T1, taskIds: [T1] },
    ]);
    expect(await under.store.expired(SHARD, 200, 1)).toEqual(due.slice(0, 1));
    await commit(...due.map((each): Write => ({ kind: 'forget', ...each })));
    expect(await under.store.expired(SHARD, 200, 10)).toEqual([]);
    expect(await under.store.bodyHashes(SHARD, [RUN, T1, stepTaskId('a')])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
}
