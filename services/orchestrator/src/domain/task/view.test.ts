import { Task, TaskSummary } from '@multiswarm/contracts';
import { spec, waiting } from '../../../test/support/builders';
import { START, WatchedTask } from '../../../test/support/watched-task';
import { blockReason, type StepBlock } from './own-reason';
import { taskSummary, taskView } from './view';

const iso = (ms: number): string => new Date(START + ms).toISOString();

test('what a task was given and what became of it is in its view, which fits the contract', () => {
  const task = new WatchedTask(
    spec({
      fairnessKey: 'customer-1',
      limitKeys: ['model'],
      notBefore: iso(10),
      waitFor: { signal: 'go', timeoutMs: 1_000 },
      rerunOf: 't0-00000009',
      routing: { near: 'eu-west' },
    }),
  );
  task.now += 10;
  task.give({ kind: 'due' });
  task.give({ kind: 'signal', signal: { name: 'go', payload: { by: 'ann' }, at: task.now } });
  task.run();
  task.give({ kind: 'progress', attempt: 1, progress: { fraction: 0.5, message: 'half', at: task.now } });
  task.give({ kind: 'pause', reason: 'costs' });
  const view = taskView(task.record);
  expect(Task.parse(view)).toEqual(view);
  expect(view).toMatchObject({
    state: 'running',
    fairnessKey: 'customer-1',
    limitKeys: ['model'],
    notBefore: iso(10),
    waitFor: { signal: 'go', timeoutMs: 1_000 },
    rerunOf: 't0-00000009',
    routing: { near: 'eu-west' },
    signals: [{ name: 'go', payload: { by: 'ann' }, at: START + 10 }],
    progress: { fraction: 0.5, message: 'half' },
    paused: { at: iso(10), reason: 'costs' },
    swarmId: 'a',
  });
  expect(view.attempts[0]).not.toHaveProperty('reservationId');
});

test('a summary is without what may be large', () => {
  const task = new WatchedTask(spec());
  task.give({ kind: 'signal', signal: { name: 'go', payload: 1, at: START } });
  const summary = taskSummary(task.record);
  expect(TaskSummary.parse(summary)).toEqual(summary);
  for (const large of ['input', 'output', 'attempts', 'signals']) expect(summary).not.toHaveProperty(large);
});

test('a queued task says why it waits: what the scheduler says, unless it is paused', () => {
  const task = new WatchedTask(spec());
  expect(taskSummary(task.record, waiting()).waiting).toEqual(waiting());
  task.now += 7;
  task.give({ kind: 'pause', reason: 'costs' });
  const paused = { reason: 'paused', since: iso(7), detail: 'paused: costs', unmet: [] };
  expect(taskSummary(task.record, waiting()).waiting).toEqual(paused);
  expect(taskSummary(task.record).waiting).toEqual(paused);
  task.give({ kind: 'resume' });
  expect(taskSummary(task.record).waiting).toBeUndefined();
});

test('a task on its way into the queue says what it waits for', () => {
  const task = new WatchedTask(spec({ notBefore: iso(10), waitFor: { signal: 'go', timeoutMs: 1_000 } }));
  const because = (): unknown => taskSummary(task.record).waiting;
  expect(because()).toEqual({
    reason: 'not-before',
    since: iso(0),
    detail: `it does not begin before ${iso(10)} (notBefore); then it waits for the signal "go"`,
    unmet: [],
  });
  task.now += 10;
  task.give({ kind: 'due' });
  expect(because()).toMatchObject({
    reason: 'signal',
    since: iso(10),
    detail: `the signal "go" has not come; it expires at ${iso(1_010)} (waitFor.timeoutMs)`,
  });
  task.give({ kind: 'signal', signal: { name: 'go', payload: null, at: task.now } });
  expect(because()).toBeUndefined();
  for (const kind of ['refused', 'refused', 'refused'] as const) {
    task.assign();
    task.give({ kind, attempt: task.record.attempt, reason: 'full' });
  }
  expect(because()).toMatchObject({
    reason: 'backoff',
    detail: `the next attempt begins at ${iso(110)}; swarms have refused it 3 times`,
  });
});

test('a task that was lost again and again says so while it pauses, whatever refused it before', () => {
  const task = new WatchedTask(spec());
  for (const kind of ['lost', 'refused', 'lost'] as const) {
    task.assign();
    task.give({ kind, attempt: task.record.attempt, reason: 'gone' });
  }
  expect(taskSummary(task.record).waiting).toMatchObject({
    reason: 'backoff',
    detail: `the next attempt begins at ${iso(500)}; 2 attempts were lost with their swarms; the last: gone`,
  });
});

test('a step says that it waits for others, by their names where they are known', () => {
  const { record } = new WatchedTask(spec({ workflowId: 'w0-00000001', step: 'c' }));
  expect(taskSummary(record).waiting).toMatchObject({
    reason: 'steps',
    detail: 'steps before it have not ended',
  });
  const told = (count: number, more: Partial<StepBlock> = {}) => {
    const steps = Array.from({ length: count }, (_, index) => ({
      id: `s${index}`,
      taskId: 't0-00000001',
      state: 'running' as const,
    }));
    const { reason, detail } = blockReason(record, { steps, ...more });
    return `${reason}: ${detail}`;
  };
  const runPaused = { at: 0, reason: 'lunch' };
  expect(told(2)).toBe('steps: steps before it have not ended: s0, s1');
  expect(told(12)).toMatch(/: s0, .*, s9 and 2 more$/);
  expect(told(1, { runPaused })).toBe('steps: steps before it have not ended: s0; its run is paused (lunch)');
  expect(told(0, { runPaused, concurrency: 3 })).toBe('run-limit: its run is paused (lunch)');
  expect(told(0, { concurrency: 3 })).toBe('run-limit: as many steps of its run are under way as may be: 3');
});

test('a task between two attempts names no swarm, and says when the next one is due', () => {
  const retry = { maxAttempts: 2, initialMs: 100, factor: 1, maxMs: 100, jitter: 0, nonRetryableCodes: [] };
  const task = new WatchedTask(spec({ retry }));
  task.run();
  task.fail();
  const view = taskView(task.record);
  expect(view).toMatchObject({
    ...{ state: 'backoff', retryAt: iso(100), attempt: 1 },
    waiting: {
      reason: 'backoff',
      detail: `the next attempt begins at ${iso(100)}; the last one ended with attempt-failed`,
    },
  });
  expect(view).not.toHaveProperty('swarmId');
});
