import type { Batch, Write } from '../../../services/orchestrator/src/ports';
import {
  event,
  placement,
  queuedTask,
  runOf,
  stepTaskId,
} from '../../../services/orchestrator/test/support/builders';
import type { TaskRecord } from '../../../services/orchestrator/src/domain/task/record';
import { Timeline } from '../world/timeline';
import { Seeds } from '../world/seeds';
import { Trace } from '../world/trace';
import { Findings } from './findings';
import { Ledger } from './ledger';
import { LimitBook } from './limit-book';
import { WorkBook } from './work-book';

const ID = 't0-00000001';
const RUN = 'w0-00000001';
const LEASE = { epoch: 1, ageMs: 60_000 };

/** A ledger, and a way to give it batches of epoch 1. */
function ledgerOf() {
  const timeline = new Timeline(new Seeds(1), new Trace());
  const findings = new Findings(() => timeline);
  const work = new WorkBook(findings);
  const limits = new LimitBook(
    findings,
    new Map([['default', { weight: 1, fairnessWeights: {}, limits: { db: { concurrency: 1 } } }]]),
  );
  const ledger = new Ledger(findings, work, limits, 3_000);
  let batchSeq = 0;
  const commit = (writes: Write[], given: Partial<Batch> = {}, lease = LEASE): void => {
    batchSeq += 1;
    ledger.applied({ shard: 0, epoch: 1, after: batchSeq - 1, batchSeq, writes, ...given }, lease);
  };
  return { ledger, findings, work, commit, broken: () => findings.all.map(({ invariant }) => invariant) };
}

function task(record: TaskRecord): Write {
  return { kind: 'task', record, isNew: false };
}

function assigned(record: TaskRecord, attempt = record.attempt + 1): TaskRecord {
  return { ...record, state: 'assigned', attempt, attempts: [{ attempt, assignedAt: 0, ...placement() }] };
}

describe('the ledger of what was committed', () => {
  const queued = queuedTask(ID);

  test('finds nothing wrong with a task that goes its way', () => {
    const { commit, work, broken } = ledgerOf();
    commit([task(queued), { kind: 'event', event: event(ID, 1) }]);
    commit([task(assigned(queued))]);
    work.began(ID, 1, 'a');
    work.made(ID, 1, 'result');
    commit([task({ ...assigned(queued), state: 'succeeded', output: 'result' })]);
    expect(broken()).toEqual([]);
  });

  test('finds a batch of an older epoch, and a number that was used before', () => {
    const { commit, broken } = ledgerOf();
    commit([], { epoch: 2 }, { epoch: 2, ageMs: 0 });
    commit([], { epoch: 1 }, { epoch: 2, ageMs: 0 });
    expect(broken()).toEqual([6, 6]);
    commit([], { epoch: 2, batchSeq: 1 }, { epoch: 2, ageMs: 0 });
    expect(broken()).toEqual([6, 6, 6]);
  });

  test('finds a task that ends twice, unless somebody has asked for another try', () => {
    const { ledger, commit, broken } = ledgerOf();
    commit([task({ ...queued, state: 'failed' })]);
    ledger.retriable.add(ID);
    commit([task(queued)]);
    commit([task({ ...queued, state: 'failed' })]);
    expect(broken()).toEqual([]);
    commit([task({ ...queued, state: 'cancelled' })]);
    expect(broken()).toEqual([1]);
  });

  test('finds a number of an attempt that is used again, or left out', () => {
    const { commit, broken } = ledgerOf();
    commit([task(assigned(queued))]);
    commit([task({ ...queued, attempt: 1 })]);
    commit([task(assigned(queued, 1))]);
    expect(broken()).toEqual([2]);
    commit([task(assigned(queued, 3))]);
    expect(broken()).toEqual([2, 2]);
  });

  test('finds a result that the current attempt has not made', () => {
    const { commit, work, broken } = ledgerOf();
    commit([task(assigned(queued))]);
    work.began(ID, 1, 'a');
    work.made(ID, 1, 'its result');
    commit([task({ ...assigned(queued), state: 'succeeded', output: 'another' })]);
    expect(broken()).toEqual([2]);
  });

  test('finds an attempt that two processes run', () => {
    const { work, broken } = ledgerOf();
    work.began(ID, 1, 'a');
    work.began(ID, 2, 'b');
    expect(broken()).toEqual([]);
    work.began(ID, 1, 'b');
    expect(broken()).toEqual([2]);
  });

  test('finds a late result that changes something, is told again, or was never made', () => {
    const { commit, work, broken } = ledgerOf();
    const held = assigned(queued);
    const [first] = held.attempts;
    const result = { at: 9, swarmId: 'a', outcome: 'succeeded' as const, startedAt: 1, finishedAt: 8 };
    const lost = (late?: typeof result): TaskRecord => ({
      ...{ ...held, state: 'cancelled', events: late ? 5 : 4 },
      attempts: [{ ...(first as TaskRecord['attempts'][0]), outcome: 'lost', ...(late ? { late } : {}) }],
    });
    const told: Write = { kind: 'event', event: { ...event(ID, 1), type: 'task.late-result', attempt: 1 } };
    work.began(ID, 1, 'a');
    commit([task(held)]);
    commit([task(lost())]);
    commit([task(lost(result))]);
    expect(broken()).toEqual([2]); // no handler has returned
    commit([task(lost(result)), told]);
    expect(broken()).toEqual([2]);
    commit([task(lost({ ...result, at: 10 }))]);
    expect(broken()).toEqual([2, 2]);
    work.made(ID, 1, 'made');
    commit([task(lost())]);
    commit([task({ ...lost(result), cost: 1 }), { ...told, event: { ...told.event, seq: 2 } }]);
    expect(broken().slice(2).sort()).toEqual([1, 2, 2, 2]);
  });

  test('finds an owner that has just taken over and takes silence for a loss', () => {
    const { commit, broken } = ledgerOf();
    const lost: Write = {
      kind: 'event',
      event: { ...event(ID, 1), type: 'task.lost', data: { reason: 'no sign of life for 5000 ms' } },
    };
    commit([lost], {}, { epoch: 1, ageMs: 500 });
    expect(broken()).toEqual([2]);
  });

  test('finds a step that starts before what it depends on has succeeded', () => {
    const { commit, broken } = ledgerOf();
    const run: Write = {
      kind: 'run',
      record: runOf(RUN, { a: [], b: ['a'] }),
      progress: { counts: {}, cost: 0, events: 0 },
      isNew: true,
    };
    const step = (name: string, state: TaskRecord['state']): Write =>
      task({ ...queuedTask(stepTaskId(name), { workflowId: RUN, step: name }), state });
    commit([run, step('a', 'queued'), step('b', 'blocked')]);
    expect(broken()).toEqual([]);
    commit([step('b', 'queued')]);
    expect(broken()).toEqual([3]);
  });

  test('finds a limit that is exceeded', () => {
    const { commit, broken } = ledgerOf();
    const one = assigned(queuedTask(ID, { limitKeys: ['db'] }));
    const other = assigned(queuedTask('t0-00000002', { limitKeys: ['db'] }));
    commit([task(one)]);
    commit([task({ ...one, state: 'failed' }), task(other)]);
    expect(broken()).toEqual([]);
    commit([task(assigned(queuedTask('t0-00000003', { limitKeys: ['db'] })))]);
    expect(broken()).toEqual([5]);
  });

  test('finds a gap in the events of a task', () => {
    const { commit, broken } = ledgerOf();
    commit([{ kind: 'event', event: event(ID, 1) }]);
    commit([{ kind: 'event', event: event(ID, 3) }]);
    expect(broken()).toEqual([7]);
  });
});
