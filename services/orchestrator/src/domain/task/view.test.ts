import { Task, TaskSummary } from '@multiswarm/contracts';
import { spec, waiting } from '../../../test/support/builders';
import { START, WatchedTask } from '../../../test/support/watched-task';
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

test('a task between two attempts names no swarm, and says when the next one is due', () => {
  const retry = { maxAttempts: 2, initialMs: 100, factor: 1, maxMs: 100, jitter: 0, nonRetryableCodes: [] };
  const task = new WatchedTask(spec({ retry }));
  task.run();
  task.fail();
  const view = taskView(task.record);
  expect(view).toMatchObject({ state: 'backoff', retryAt: iso(100), attempt: 1 });
  expect(view).not.toHaveProperty('swarmId');
});
