import { LIMITS, type Signal } from '@multiswarm/contracts';
import { spec } from '../../../test/support/builders';
import { START, WatchedTask } from '../../../test/support/watched-task';
import type { TaskCommand } from './record';
import { taskView } from './view';
import { whyNot } from './why-not';

const retry = { maxAttempts: 2, initialMs: 100, factor: 2, maxMs: 500, jitter: 0, nonRetryableCodes: [] };
const at = (ms: number): string => new Date(START + ms).toISOString();
const signal = (name: string, payload = 0): { kind: 'signal'; signal: Signal } => ({
  kind: 'signal',
  signal: { name, payload, at: START },
});

describe('cancel', () => {
  test('what no swarm has ends at once, wherever it waits', () => {
    const waiting = new WatchedTask(spec({ waitFor: { signal: 'go' } }));
    const blocked = new WatchedTask(spec({ notBefore: at(1_000) }));
    const queued = new WatchedTask(spec());
    const backoff = new WatchedTask(spec({ retry }));
    backoff.run();
    backoff.fail();
    for (const task of [waiting, blocked, queued, backoff]) {
      const next = task.give({ kind: 'cancel', reason: 'enough' });
      expect(next?.events.map(({ type }) => type)).toEqual(['task.cancel-requested', 'task.cancelled']);
      expect(task.record.error).toEqual({ code: 'cancelled', message: 'enough', retryable: false });
    }
  });

  test('asked for a second time it changes nothing, and the first reason counts', () => {
    const task = new WatchedTask(spec());
    task.run();
    task.give({ kind: 'cancel', reason: 'first' });
    expect(task.give({ kind: 'cancel', reason: 'second' })).toBeUndefined();
    expect(task.record.cancel?.reason).toBe('first');
  });

  test('an attempt that does not end is given up after its grace, and the task is cancelled', () => {
    const task = new WatchedTask(spec());
    task.run();
    task.give({ kind: 'cancel', reason: 'enough' });
    task.now += LIMITS.CANCEL_GRACE_MS;
    const next = task.give({ kind: 'due' });
    expect(next?.effects.map(({ kind }) => kind)).toEqual(['cancel-attempt', 'give-back', 'ended']);
    expect(task.record).toMatchObject({
      state: 'cancelled',
      error: { code: 'cancelled', message: 'enough' },
      attempts: [{ outcome: 'lost' }],
    });
  });
});

test('who asked is in the event of each command, and beside a pause and a cancel', () => {
  const requestedBy = 'dana';
  const task = new WatchedTask(spec({ retry }));
  const told = (command: TaskCommand): unknown =>
    task.give(command)?.events.find(({ data }) => data?.['requestedBy'] === requestedBy);
  expect(told({ kind: 'pause', reason: 'wait', requestedBy })).toMatchObject({ type: 'task.paused' });
  expect(taskView(task.record).paused).toEqual({ at: at(0), reason: 'wait', requestedBy });
  expect(told({ kind: 'resume', requestedBy })).toMatchObject({ type: 'task.resumed' });
  task.run();
  task.fail();
  expect(told({ kind: 'retry', requestedBy })).toMatchObject({ type: 'task.retried' });
  expect(told({ kind: 'cancel', reason: 'enough', requestedBy })).toMatchObject({
    type: 'task.cancel-requested',
  });
  expect(taskView(task.record).cancelRequestedBy).toBe(requestedBy);
});

describe('pause', () => {
  test('a queued task leaves the queue until it is resumed', () => {
    const task = new WatchedTask(spec());
    expect(task.give({ kind: 'pause', reason: 'wait' })?.effects).toEqual([{ kind: 'dequeue' }]);
    expect(task.assign()).toBeUndefined();
    expect(task.record.state).toBe('queued');
    expect(task.give({ kind: 'resume' })?.effects).toEqual([{ kind: 'enqueue' }]);
    expect(task.assign()).toBeDefined();
  });

  test('a running attempt goes on to its end, and only then nothing follows', () => {
    const task = new WatchedTask(spec({ retry }));
    task.run();
    task.give({ kind: 'pause', reason: 'wait' });
    task.fail();
    task.now += 100;
    expect(task.give({ kind: 'due' })?.effects).toEqual([]);
    expect(task.record.state).toBe('queued');
    expect(task.give({ kind: 'resume' })?.effects).toEqual([{ kind: 'enqueue' }]);
  });

  test('the wait for a start stands still meanwhile, also for a task that came into the queue paused', () => {
    const task = new WatchedTask(spec({ notBefore: at(500), timeouts: { scheduleToStartMs: 1_000 } }));
    task.give({ kind: 'pause', reason: 'wait' });
    task.now = START + 500;
    task.give({ kind: 'due' });
    expect(task.due).toBeUndefined();
    task.now += 10_000;
    task.give({ kind: 'resume' });
    expect(task.due).toBe(task.now + 1_000);
    task.now += 400;
    task.give({ kind: 'pause', reason: 'again' });
    task.now += 10_000;
    task.give({ kind: 'resume' });
    expect(task.due).toBe(task.now + 600);
  });

  test('the deadline and the wait for a signal go on', () => {
    const dead = new WatchedTask(spec({ timeouts: { deadline: at(1_000) } }));
    const unheard = new WatchedTask(spec({ waitFor: { signal: 'go', timeoutMs: 1_000 } }));
    for (const task of [dead, unheard]) {
      task.give({ kind: 'pause', reason: 'wait' });
      task.now += 1_000;
      task.give({ kind: 'due' });
      expect(task.record.state).toBe('expired');
    }
  });

  test('what is being cancelled is not paused any more', () => {
    const task = new WatchedTask(spec());
    task.run();
    task.give({ kind: 'cancel', reason: 'enough' });
    expect(whyNot(task.record, { kind: 'pause', reason: 'wait' }, task.now)).toBe('it is being cancelled');
    expect(task.give({ kind: 'pause', reason: 'wait' })).toBeUndefined();
  });

  test('nothing is wrong with a second pause, or a resume of what runs', () => {
    const task = new WatchedTask(spec());
    expect(whyNot(task.record, { kind: 'resume' }, task.now)).toBeUndefined();
    expect(task.give({ kind: 'resume' })).toBeUndefined();
    task.give({ kind: 'pause', reason: 'first' });
    expect(whyNot(task.record, { kind: 'pause', reason: 'x' }, task.now)).toBeUndefined();
    expect(task.give({ kind: 'pause', reason: 'second' })).toBeUndefined();
    expect(task.record.paused?.reason).toBe('first');
  });
});

describe('signal', () => {
  test('it ends the wait for its name, and no other', () => {
    const task = new WatchedTask(spec({ waitFor: { signal: 'go' } }));
    task.give(signal('stop'));
    expect(task.record.state).toBe('waiting');
    const next = task.give(signal('go', 7));
    expect(next?.events.map(({ type }) => type)).toEqual(['task.signalled', 'task.queued']);
    expect(task.record.signals?.map(({ name, payload }) => [name, payload])).toEqual([
      ['stop', 0],
      ['go', 7],
    ]);
  });

  test('one that came before the wait is not waited for', () => {
    const task = new WatchedTask(spec({ notBefore: at(500), waitFor: { signal: 'go' } }));
    task.give(signal('go'));
    expect(task.record.state).toBe('blocked');
    task.now += 500;
    task.give({ kind: 'due' });
    expect(task.record.state).toBe('queued');
  });

  test('the oldest are dropped beyond the limit, but never the one that the task will wait for', () => {
    const task = new WatchedTask(spec({ notBefore: at(500), waitFor: { signal: 'go' } }));
    task.give(signal('go'));
    for (let n = 1; n <= LIMITS.TASK_SIGNALS + 3; n += 1) task.give(signal('news', n));
    const kept = task.record.signals ?? [];
    expect(kept.map(({ name }) => name)).toEqual(['go', ...Array(LIMITS.TASK_SIGNALS - 1).fill('news')]);
    expect(kept.at(-1)?.payload).toBe(LIMITS.TASK_SIGNALS + 3);
    task.give(signal('go', 99));
    task.give(signal('news', 100));
    expect(task.record.signals?.filter(({ name }) => name === 'go').map(({ payload }) => payload)).toEqual([
      99,
    ]);
  });

  test('the swarm that holds the attempt is told', () => {
    const task = new WatchedTask(spec());
    task.run();
    expect(task.give(signal('go'))?.effects).toEqual([
      { kind: 'signal-attempt', attempt: 1, swarmId: 'a', region: 'eu-west' },
    ]);
  });
});

describe('retry by hand', () => {
  test('a task in backoff is queued at once, and has its total time anew', () => {
    const task = new WatchedTask(spec({ retry: { ...retry, totalMs: 1_000 } }));
    task.run();
    task.now += 500;
    task.fail();
    const next = task.give({ kind: 'retry' });
    expect(next?.events.map(({ type }) => type)).toEqual(['task.retried', 'task.queued']);
    expect(task.due).toBe(task.now + 1_000);
    expect(task.record.failures).toBe(1);
  });

  test('a failed task begins again with all its attempts, under further numbers', () => {
    const task = new WatchedTask(spec({ retry: { ...retry, maxAttempts: 1 } }));
    task.run();
    task.fail();
    expect(task.record.state).toBe('failed');
    const next = task.give({ kind: 'retry' });
    expect(next?.effects).toEqual([{ kind: 'reopened' }, { kind: 'enqueue' }]);
    expect(task.record).toMatchObject({ state: 'queued', failures: 0, attempt: 1 });
    for (const gone of ['error', 'endedAt', 'cancel', 'output', 'lastError'] as const)
      expect(task.record[gone]).toBeUndefined();
    task.run();
    task.succeed();
    expect(task.record).toMatchObject({ state: 'succeeded', attempt: 2 });
  });

  test('a task that was cancelled before its signal came waits for it again', () => {
    const task = new WatchedTask(spec({ waitFor: { signal: 'go' } }));
    task.give({ kind: 'cancel', reason: 'enough' });
    task.give({ kind: 'retry' });
    expect(task.record.state).toBe('waiting');
    task.give(signal('go'));
    task.give({ kind: 'cancel', reason: 'enough' });
    task.give({ kind: 'retry' });
    expect(task.record.state).toBe('queued');
  });

  test('where it cannot be done, the reason says what to do', () => {
    const why = (task: WatchedTask): string | undefined => whyNot(task.record, { kind: 'retry' }, task.now);
    const running = new WatchedTask(spec());
    running.run();
    const succeeded = new WatchedTask(spec());
    succeeded.run();
    succeeded.succeed();
    const paused = new WatchedTask(spec());
    paused.give({ kind: 'pause', reason: 'wait' });
    const late = new WatchedTask(spec({ timeouts: { deadline: at(5) } }));
    late.now += 5;
    late.give({ kind: 'due' });
    const step = new WatchedTask(spec({ workflowId: 'w0-00000001', step: 'a' }));
    const ended = new WatchedTask(spec({ workflowId: 'w0-00000001', step: 'a' }));
    ended.give({ kind: 'cancel', reason: 'enough' });
    expect(why(running)).toBe('its attempt 1 is under way: wait for its end, or cancel it');
    expect(why(succeeded)).toBe('it has succeeded: rerun it to get a copy that runs once more');
    expect(why(paused)).toBe('it is paused: resume it');
    expect(why(late)).toBe(`its deadline ${at(5)} has passed: submit it anew with a later one`);
    expect(why(step)).toBe('it waits for the steps before it');
    expect(why(ended)).toBe(
      'it is a step of w0-00000001, which goes on without it: rerun the workflow from this step',
    );
    expect(why(new WatchedTask(spec()))).toBe('it is in the queue already');
    expect(why(new WatchedTask(spec({ waitFor: { signal: 'go' } })))).toBe(
      'it waits for the signal "go": send that',
    );
    expect(why(new WatchedTask(spec({ notBefore: at(5) })))).toBe(`it waits until ${at(5)}`);
  });

  test('nothing can be told to what has ended, but a cancellation of it is no error', () => {
    const task = new WatchedTask(spec());
    task.give({ kind: 'cancel', reason: 'enough' });
    for (const command of [{ kind: 'pause', reason: 'x' }, { kind: 'resume' }, signal('go')] as const)
      expect(whyNot(task.record, command, task.now)).toBe(
        'it has ended as cancelled: rerun it to get a copy that runs once more',
      );
    expect(whyNot(task.record, { kind: 'cancel', reason: 'x' }, task.now)).toBeUndefined();
  });
});

describe('progress', () => {
  test('the latest of the current attempt is kept; what comes late, twice or from another attempt is not', () => {
    const task = new WatchedTask(spec({ retry }));
    task.run();
    const tell = (attempt: number, fraction: number, ms: number): unknown =>
      task.give({ kind: 'progress', attempt, progress: { fraction, at: START + ms } })?.events;
    expect(tell(1, 0.5, 10)).toEqual([{ type: 'task.progress', data: { fraction: 0.5 } }]);
    for (const again of [tell(1, 0.5, 10), tell(1, 0.4, 9), tell(2, 0.9, 11)]) expect(again).toBeUndefined();
    expect(task.record.progress?.fraction).toBe(0.5);
  });

  test('it is that of the last attempt until the next one begins', () => {
    const task = new WatchedTask(spec({ retry }));
    task.run();
    task.give({ kind: 'progress', attempt: 1, progress: { message: 'half', at: START } });
    task.fail();
    expect(task.record.progress?.message).toBe('half');
    task.now += 100;
    task.give({ kind: 'due' });
    task.assign();
    expect(task.record.progress).toBeUndefined();
  });
});
