import { LIMITS } from '@multiswarm/contracts';
import { ManualClock, seededRandom, systemIds } from '@multiswarm/core';
import { placement, runOf, spec, stepTaskId } from '../../test/support/builders';
import { newTask, type TaskRecord } from '../domain/task/record';
import type { RunRecord } from '../domain/workflow/run';
import type { LoadedShard, Write } from '../ports';
import type { ActiveRun } from './active-run';
import type { Change } from './change';
import { DueTimes } from './due-times';
import { eventsOf } from './event-batches';
import type { NewRun, NewTask } from './intake';
import { tellRun } from './run-commands';
import { HOT_WAITING_TASKS, ShardState } from './shard-state';

const RETENTION_MS = 1_000;
const NOTHING: LoadedShard = { tasks: [], runs: [], endedSteps: [] };

function stateOf(loaded: LoadedShard = NOTHING): ShardState {
  const clock = new ManualClock(0);
  const due = new DueTimes(clock, () => undefined);
  return new ShardState(loaded, {
    ...{ clock, random: seededRandom(1), due, retentionMs: () => RETENTION_MS },
    ...{ taskId: () => `t0-${systemIds.next()}`, capped: (given) => given },
    ...{ hotWaiting: HOT_WAITING_TASKS, letGo: () => undefined, attemptBase: 0 },
  });
}

function newLone(id: string): NewTask {
  return { id, shard: 0, keyed: false, order: 1, spec: spec() };
}

function newRun(dependencies: Record<string, string[]>, given: Record<string, unknown> = {}): NewRun {
  const record = runOf('w0-00000001', dependencies);
  const steps = record.spec.steps.map(({ id, taskId }, order) => ({
    id: taskId,
    order,
    spec: spec({ workflowId: record.id, step: id, retry: { ...spec().retry, maxAttempts: 1 }, ...given }),
  }));
  return { shard: 0, keyed: false, record, steps };
}

/** Runs one step to an end and returns what was written. */
function finish(state: ShardState, step: string, outcome: 'succeeded' | 'failed', output = step): Write[] {
  const change = state.change();
  const id = stepTaskId(step);
  const attempt = (state.task(id)?.attempt ?? 0) + 1;
  expect(state.apply(id, { kind: 'assign', attempt, placement: placement() }, change)?.state).toBe(
    'assigned',
  );
  const result = { startedAt: 0, finishedAt: 1, ...(outcome === 'succeeded' ? { output } : {}) };
  expect(state.apply(id, { kind: 'finished', attempt, outcome, result }, change)?.state).toBe(outcome);
  return committed(state, change);
}

function committed(state: ShardState, change: Change): Write[] {
  change.seal();
  state.settle(change);
  return change.writes;
}

function lastTasks(writes: Write[]): Map<string, TaskRecord> {
  return new Map(writes.flatMap((write) => (write.kind === 'task' ? [[write.record.id, write.record]] : [])));
}

function lastRun(writes: Write[]): RunRecord | undefined {
  return writes.flatMap((write) => (write.kind === 'run' ? [write.record] : [])).at(-1);
}

test('the end of a step unlocks the next in the same change, with its output as input', () => {
  const state = stateOf();
  state.addRun(newRun({ a: [], b: ['a'] }), state.change());
  const writes = finish(state, 'a', 'succeeded', 'made by a');
  const b = lastTasks(writes).get(stepTaskId('b'));
  expect(b?.state).toBe('queued');
  expect(state.runs.inputOf(b as TaskRecord)).toEqual({ upstream: { a: 'made by a' } });
  expect(lastRun(finish(state, 'b', 'succeeded'))).toMatchObject({ state: 'succeeded', endedAt: 0 });
  expect([...state.hot()]).toEqual([]);
});

test('a chain of ten thousand steps behind a failure is skipped in one change, without overflowing the stack', () => {
  const length = 10_000;
  const names = Array.from({ length }, (_, index) => `s${index}`);
  const dependencies = Object.fromEntries(
    names.map((name, index) => [name, index === 0 ? [] : [`s${index - 1}`]]),
  );
  const state = stateOf();
  state.addRun(newRun(dependencies), state.change());
  const writes = finish(state, 's0', 'failed');
  expect([...lastTasks(writes).values()].filter((task) => task.state === 'skipped')).toHaveLength(length - 1);
  expect(lastRun(writes)?.state).toBe('failed');
  const seqs = [...eventsOf(writes)].map(({ seq }) => seq);
  const first = seqs[0] ?? 0;
  expect(seqs).toEqual(seqs.map((_, index) => first + index));
  expect([...state.hot()]).toEqual([]);
});

test('a step whose input grew too large with what its upstream made fails by itself, and is not sent', () => {
  const state = stateOf();
  state.addRun(newRun({ a: [], b: ['a'] }), state.change());
  const writes = finish(state, 'a', 'succeeded', 'x'.repeat(LIMITS.STEP_INPUT_BYTES));
  expect(lastTasks(writes).get(stepTaskId('b'))).toMatchObject({
    state: 'failed',
    attempt: 0,
    error: { code: 'input-too-large' },
  });
  expect(lastRun(writes)?.state).toBe('failed');
});

test('a cancelled run ends its waiting steps at once and itself when the last running one has ended', () => {
  const state = stateOf();
  state.addRun(newRun({ a: [], b: [], c: ['a'] }), state.change());
  state.apply(stepTaskId('a'), { kind: 'assign', attempt: 1, placement: placement() }, state.change());
  const change = state.change();
  const run = state.runs.get('w0-00000001') as ActiveRun;
  const taskId = (): string => `t0-${systemIds.next()}`;
  tellRun(state, run, { kind: 'cancel', reason: 'enough', requestedBy: 'dana' }, change, taskId);
  tellRun(state, run, { kind: 'cancel', reason: 'again', requestedBy: 'kim' }, change, taskId);
  expect(lastRun(change.writes)).toMatchObject({
    ...{ state: 'running', cancel: { reason: 'enough', requestedBy: 'dana' } },
  });
  const events = change.writes.flatMap((write) => (write.kind === 'event' ? [write.event] : []));
  const asked = events.filter(({ type }) => type.endsWith('.cancel-requested'));
  expect(asked.map(({ data }) => data?.['requestedBy'])).toEqual(Array<string>(4).fill('dana'));
  expect(lastTasks(change.writes).get(stepTaskId('b'))?.state).toBe('cancelled');
  expect(change.effects.filter(({ effect }) => effect.kind === 'cancel-attempt')).toHaveLength(1);
  const end = state.change();
  state.apply(stepTaskId('a'), { kind: 'lost', attempt: 1, reason: 'gone' }, end);
  committed(state, change);
  committed(state, end);
  expect(lastRun(end.writes)?.state).toBe('cancelled');
  expect([...state.hot()]).toEqual([]);
});

test('a root that ended is kept for its retention, counted from its end', () => {
  const state = stateOf();
  const change = state.change();
  state.addTask(newLone('t0-00000009'), change);
  state.apply('t0-00000009', { kind: 'cancel', reason: 'enough' }, change);
  expect(change.writes).toContainEqual({ kind: 'root-ended', root: 't0-00000009', expiresAt: RETENTION_MS });
});

test('a loaded run goes on: cost, outputs and event numbers come from what was stored', () => {
  const record = runOf('w0-00000001', { a: [], b: ['a'] });
  const own = (step: string): TaskRecord =>
    newTask(stepTaskId(step), spec({ workflowId: record.id, step }), { blocked: true, order: 0 }, 0).record;
  const state = stateOf({
    tasks: [{ ...own('b'), state: 'queued' }],
    runs: [{ run: record, progress: { counts: {}, cost: 2, events: 7 } }],
    endedSteps: [{ ...own('a'), state: 'succeeded', output: { n: 1 }, cost: 2 }],
  });
  expect(state.runs.inputOf(own('b'))).toEqual({ upstream: { a: { n: 1 } } });
  const writes = finish(state, 'b', 'succeeded');
  const events = writes.flatMap((write) => (write.kind === 'event' ? [write.event] : []));
  expect(events[0]?.seq).toBe(8);
  const run = writes.flatMap((write) => (write.kind === 'run-progress' ? [write.progress] : [])).at(-1);
  expect(run).toMatchObject({ counts: { succeeded: 2 }, events: events.at(-1)?.seq });
  expect(run?.cost).toBeCloseTo(2, 3);
});

test('the events of a lone task are numbered by the task, and told by its record as long as its life is ordinary', () => {
  const state = stateOf();
  const change = state.change();
  state.addTask(newLone('t0-00000009'), change);
  state.apply('t0-00000009', { kind: 'assign', attempt: 1, placement: placement() }, change);
  const events = [...eventsOf(change.writes)];
  expect(events.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
    '1 task.submitted',
    '2 task.queued',
    '3 task.assigned',
  ]);
  expect(change.writes.filter(({ kind }) => kind === 'event')).toEqual([]);
  expect(state.task('t0-00000009')?.events).toBe(3);
});

test('records of waiting tasks are kept up to a number; what is not committed yet, or placed, always is', () => {
  const state = stateOf();
  const change = state.change();
  const many = HOT_WAITING_TASKS + 10;
  const id = (index: number): string => `t0-${String(index).padStart(8, '0')}`;
  for (let index = 0; index < many; index += 1) state.addTask(newLone(id(index)), change);
  const later = state.change();
  state.apply(id(0), { kind: 'assign', attempt: 1, placement: placement() }, later);
  expect([...state.hot()]).toHaveLength(many);
  state.settle(change);
  expect([...state.hot()]).toHaveLength(HOT_WAITING_TASKS + 1);
  expect(state.task(id(0))?.state).toBe('assigned');
  const [gone] = Array.from({ length: many }, (_, index) => id(index)).filter((each) => !state.task(each));
  const record = lastTasks(change.writes).get(gone ?? '') as TaskRecord;
  expect(state.recall(record)).toBe(record);
  expect(state.task(record.id)).toBe(record);
});
