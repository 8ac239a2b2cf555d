import { LIMITS } from '@multiswarm/contracts';
import { spec } from '../../../test/support/builders';
import { START, WatchedTask } from '../../../test/support/watched-task';

const retry = { maxAttempts: 3, initialMs: 100, factor: 2, maxMs: 500, jitter: 0, nonRetryableCodes: [] };
const at = (ms: number): string => new Date(START + ms).toISOString();

/** Moves on to when the task asks to be looked at. */
function wait(task: WatchedTask): void {
  task.now = task.due ?? NaN;
  task.give({ kind: 'due' });
}

test('a task without times of its own needs no timer while it waits or runs', () => {
  const task = new WatchedTask(spec());
  expect(task.due).toBeUndefined();
  task.run();
  expect(task.due).toBeUndefined();
});

test('a task that begins later is queued at that time, not before', () => {
  const task = new WatchedTask(spec({ notBefore: at(1_000) }));
  expect(task.record.state).toBe('blocked');
  task.now += 999;
  expect(task.give({ kind: 'due' })).toBeUndefined();
  task.now += 1;
  expect(task.give({ kind: 'due' })?.effects).toEqual([{ kind: 'enqueue' }]);
});

test('a signal that does not come lets the task expire; the wait begins when the task may begin', () => {
  const task = new WatchedTask(spec({ notBefore: at(500), waitFor: { signal: 'go', timeoutMs: 1_000 } }));
  wait(task);
  expect(task.record.state).toBe('waiting');
  expect(task.due).toBe(START + 1_500);
  wait(task);
  expect(task.record).toMatchObject({
    state: 'expired',
    error: {
      code: 'signal-timeout',
      message: 'the signal "go" did not come within 1000 ms (waitFor.timeoutMs)',
    },
  });
});

describe('scheduleToStartMs', () => {
  const waiting = (): WatchedTask => new WatchedTask(spec({ retry, timeouts: { scheduleToStartMs: 1_000 } }));

  test('the wait goes on through refusals and losses before the start', () => {
    const task = waiting();
    for (const kind of ['refused', 'lost', 'refused', 'refused'] as const) {
      task.now += 100;
      task.assign();
      task.give({ kind, attempt: task.record.attempt, reason: 'full' });
    }
    expect(task.record.state).toBe('backoff');
    task.now += 100;
    task.give({ kind: 'due' });
    expect(task.due).toBe(START + 1_000);
    wait(task);
    expect(task.record).toMatchObject({
      state: 'expired',
      error: {
        code: 'schedule-to-start-timeout',
        message:
          'no attempt started within 1000 ms (timeouts.scheduleToStartMs); the last error: full (attempt-lost)',
        retryable: false,
      },
    });
  });

  test('an attempt that is on its way to its swarm is not called back', () => {
    const task = waiting();
    task.assign();
    task.now += 5_000;
    expect(task.give({ kind: 'due' })).toBeUndefined();
    task.give({ kind: 'refused', attempt: 1, reason: 'full' });
    task.give({ kind: 'due' });
    expect(task.record.state).toBe('expired');
  });

  test('each attempt that was started is followed by a wait of its own', () => {
    const task = waiting();
    task.run();
    task.now += 5_000;
    task.give({ kind: 'lost', attempt: 1, reason: 'gone' });
    expect(task.due).toBe(task.now + 1_000);
    task.run();
    task.now += 5_000;
    task.fail();
    wait(task);
    expect(task.record.state).toBe('queued');
    expect(task.due).toBe(task.now + 1_000);
  });
});

describe('startToCloseMs', () => {
  const limited = (): WatchedTask => new WatchedTask(spec({ retry, timeouts: { startToCloseMs: 1_000 } }));

  test('an attempt that its swarm does not end is ended by the owner, told to stop, and tried again', () => {
    const task = limited();
    task.now += 50;
    task.run();
    expect(task.due).toBe(task.now + 1_000 + LIMITS.TIMEOUT_GRACE_MS);
    task.now = task.due ?? 0;
    const next = task.give({ kind: 'due' });
    expect(next?.effects).toMatchObject([
      { kind: 'cancel-attempt', attempt: 1, swarmId: 'a' },
      { kind: 'give-back', outcome: 'timed-out', durationMs: 1_000 + LIMITS.TIMEOUT_GRACE_MS },
    ]);
    expect(task.record).toMatchObject({
      state: 'backoff',
      failures: 1,
      attempts: [{ outcome: 'timed-out', error: { code: 'attempt-timeout' } }],
    });
  });

  test('it is tried no further once it was cancelled', () => {
    const task = limited();
    task.run();
    task.now += LIMITS.TIMEOUT_GRACE_MS;
    task.give({ kind: 'cancel', reason: 'enough' });
    wait(task);
    expect(task.record).toMatchObject({ state: 'cancelled', error: { message: 'enough' } });
  });
});

describe('deadline', () => {
  const dying = (): WatchedTask => new WatchedTask(spec({ retry, timeouts: { deadline: at(1_000) } }));

  test('a running attempt is told to stop, and its result comes too late', () => {
    const task = dying();
    task.run();
    task.now += 1_000;
    const next = task.give({ kind: 'due' });
    expect(next?.effects.map(({ kind }) => kind)).toEqual(['cancel-attempt', 'give-back', 'ended']);
    expect(task.record).toMatchObject({
      state: 'expired',
      error: { code: 'deadline-exceeded' },
      attempts: [{ outcome: 'timed-out', error: { code: 'deadline-exceeded' } }],
    });
    expect(task.succeed()).toBeUndefined();
  });

  test('a wait between attempts ends there', () => {
    const task = dying();
    task.now += 950;
    task.run();
    task.fail();
    wait(task);
    expect(task.record).toMatchObject({
      state: 'expired',
      error: {
        code: 'deadline-exceeded',
        message: `the task had to be done by ${at(1_000)} (timeouts.deadline); the last error: no (attempt-failed)`,
      },
      failures: 1,
    });
  });

  test('it counts before all that has come due meanwhile', () => {
    const task = new WatchedTask(spec({ timeouts: { deadline: at(1_000), scheduleToStartMs: 10 } }));
    task.now += 5_000;
    task.give({ kind: 'due' });
    expect(task.record.error?.code).toBe('deadline-exceeded');
  });
});

describe('retry.totalMs', () => {
  test('no further attempt begins later: the task fails with its last error, also if swarms were lost last', () => {
    for (const end of ['fail', 'lose'] as const) {
      const task = new WatchedTask(spec({ retry: { ...retry, totalMs: 1_000 } }));
      task.run();
      task.now += 300;
      if (end === 'fail') task.fail({ code: 'too-hard' });
      else task.give({ kind: 'lost', attempt: 1, reason: 'gone' });
      if (end === 'fail') wait(task);
      expect(task.record.state).toBe('queued');
      expect(task.due).toBe(START + 1_000);
      task.now = START + 1_000;
      expect(task.assign()).toBeUndefined();
      task.give({ kind: 'due' });
      expect(task.record).toMatchObject({
        state: 'failed',
        error: {
          code: end === 'fail' ? 'too-hard' : 'attempt-lost',
          message: `no further attempt fits into 1000 ms (retry.totalMs); the last error: ${end === 'fail' ? 'no' : 'gone'}`,
        },
      });
    }
  });

  test('the first attempt may begin as late as it likes, and run as long', () => {
    const task = new WatchedTask(spec({ retry: { ...retry, totalMs: 1_000 } }));
    expect(task.due).toBeUndefined();
    task.now += 2_000;
    task.run();
    expect(task.due).toBeUndefined();
    task.now += 2_000;
    task.succeed();
    expect(task.record.state).toBe('succeeded');
  });
});
