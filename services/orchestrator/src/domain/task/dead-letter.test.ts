import { LIMITS } from '@multiswarm/contracts';
import { placement, spec } from '../../../test/support/builders';
import { START, WatchedTask } from '../../../test/support/watched-task';
import { deadLetterResult, isDeadLetter, verdict } from './dead-letter';
import { causeOf, deadLetterView } from './dead-letter-view';
import type { DeadLetterCommand, TaskRecord } from './record';

const ID = 't0-00000001';
const retry = { maxAttempts: 2, initialMs: 100, factor: 2, maxMs: 500, jitter: 0, nonRetryableCodes: [] };
const redrive = (key = 'k1', asked = {}): DeadLetterCommand => ({ kind: 'redrive', key, asked });
const purge: DeadLetterCommand = { kind: 'purge', asked: { requestedBy: 'dana', reason: 'a test' } };

/** Fails until nothing more is tried. */
function dead(given: Record<string, unknown> = { retry }): WatchedTask {
  const task = new WatchedTask(spec(given));
  die(task);
  return task;
}

function die(task: WatchedTask): void {
  while (task.record.state !== 'failed') {
    if (task.record.state === 'backoff') task.now = task.due ?? task.now;
    task.give({ kind: 'due' });
    task.run();
    task.fail();
  }
}

describe('redrive', () => {
  test('opens the task again with its input, a fresh budget and the next attempt number, and says who and why', () => {
    const task = dead({ retry, input: { n: 1 } });
    const next = task.give(redrive('k1', { requestedBy: 'dana', reason: 'the key was renewed' }));
    expect(next?.events).toEqual([
      { type: 'task.retried', data: { redrive: true, requestedBy: 'dana', reason: 'the key was renewed' } },
      { type: 'task.queued' },
    ]);
    expect(task.record).toMatchObject({
      ...{ state: 'queued', failures: 0, losses: 0, attempt: 2, spec: { input: { n: 1 } } },
      error: undefined,
    });
    task.run();
    expect(task.record.attempt).toBe(3);
  });

  test('with the same key it opens a task once, also where that failed again', () => {
    const task = dead();
    task.give(redrive('k1'));
    expect(verdict(task.record, redrive('k1'), task.now)).toEqual({ outcome: 'unchanged' });
    die(task);
    expect(isDeadLetter(task.record)).toBe(true);
    expect(task.give(redrive('k1'))).toBeUndefined();
    expect(task.give(redrive('k2'))).toBeDefined();
  });

  test('nothing is wrong with one of a task that goes on or has succeeded', () => {
    const task = new WatchedTask(spec());
    expect(deadLetterResult(ID, task.record, redrive(), START)).toEqual({
      ...{ id: ID, outcome: 'unchanged', state: 'queued' },
    });
    task.run();
    task.succeed();
    expect(task.give(redrive())).toBeUndefined();
    expect(deadLetterResult(ID, task.record, redrive(), START).outcome).toBe('unchanged');
  });

  test.each<[string, Partial<TaskRecord>, string]>([
    ['was cancelled', { state: 'cancelled' }, 'it is no dead letter: it has ended as cancelled'],
    ['was purged', { purgedAt: 5 }, 'it was purged: retry it as a task'],
    [
      'is a step',
      { spec: spec({ workflowId: 'w0-00000001', step: 'a' }) },
      'it is no dead letter: it is a step of w0-00000001',
    ],
    [
      'has a deadline that has passed',
      { spec: spec({ timeouts: { deadline: new Date(START - 1).toISOString() } }) },
      'has passed: submit it anew with a later one',
    ],
  ])('of a task that %s it is refused', (_what, given, why) => {
    const record = { ...dead().record, ...given };
    expect(verdict(record, redrive(), START)).toEqual({
      outcome: 'refused',
      because: expect.stringContaining(why),
    });
  });

  test('of nobody it is refused', () => {
    expect(deadLetterResult(ID, undefined, redrive(), 0)).toMatchObject({
      ...{ id: ID, outcome: 'refused', error: { code: 'task-not-found' } },
    });
  });
});

describe('purge', () => {
  test('takes a task off the list, changes nothing else of it, and says who and why', () => {
    const task = dead();
    const before = task.record;
    const next = task.give(purge);
    expect(next?.events).toEqual([{ type: 'task.purged', data: { requestedBy: 'dana', reason: 'a test' } }]);
    expect(next?.effects).toEqual([]);
    expect(task.record).toEqual({ ...before, purgedAt: task.now, events: before.events + 1 });
    expect(isDeadLetter(task.record)).toBe(false);
    expect(task.give(purge)).toBeUndefined();
    expect(verdict(task.record, purge, task.now)).toEqual({ outcome: 'unchanged' });
  });

  test('a purged task can still be retried, and is on the list when it fails again', () => {
    const task = dead();
    task.give(purge);
    expect(task.give({ kind: 'retry' })).toBeDefined();
    die(task);
    expect(isDeadLetter(task.record)).toBe(true);
  });

  test('what is no dead letter is not purged', () => {
    const task = new WatchedTask(spec());
    expect(task.give(purge)).toBeUndefined();
    expect(verdict(task.record, purge, START)).toEqual({
      outcome: 'refused',
      because: 'it is no dead letter: it is queued',
    });
  });
});

describe('why nothing more was tried', () => {
  const at = (ms: number): string => new Date(START + ms).toISOString();
  const after = (given: Record<string, unknown>, act: (task: WatchedTask) => void): TaskRecord => {
    const task = new WatchedTask(spec(given));
    act(task);
    return task.record;
  };
  const wait = (ms: number) => (task: WatchedTask) => {
    task.now += ms;
    task.give({ kind: 'due' });
  };

  test.each<[string, TaskRecord]>([
    ['attempts-used-up', dead().record],
    [
      'not-retryable',
      after({ retry }, (task) => {
        task.run();
        task.fail({ retryable: false });
      }),
    ],
    [
      'time-used-up',
      after({ retry: { ...retry, totalMs: 50 } }, (task) => {
        task.run();
        task.fail();
      }),
    ],
    [
      'attempts-lost',
      after({}, (task) => {
        for (let lost = 0; lost <= LIMITS.LOST_ATTEMPTS; lost += 1) {
          if (task.due !== undefined) wait(task.due - task.now)(task);
          task.assign(placement());
          task.give({ kind: 'lost', attempt: task.record.attempt, reason: 'gone' });
        }
      }),
    ],
    ['deadline-passed', after({ timeouts: { deadline: at(1_000) } }, wait(1_000))],
    ['never-started', after({ timeouts: { scheduleToStartMs: 1_000 } }, wait(1_000))],
    ['signal-missing', after({ waitFor: { signal: 'go', timeoutMs: 1_000 } }, wait(1_000))],
  ])('is told as %s', (cause, record) => {
    expect(isDeadLetter(record)).toBe(true);
    expect(causeOf(record)).toBe(cause);
  });

  test('a letter says whether it can be redriven', () => {
    expect(deadLetterView(dead().record, START)).not.toHaveProperty('notRedrivable');
    const late = after({ timeouts: { deadline: at(1_000) } }, wait(1_000));
    expect(deadLetterView(late, START + 1_000).notRedrivable).toContain('has passed');
  });
});
