import { LIMITS } from '@multiswarm/contracts';
import { seededRandom } from '@multiswarm/core';
import { placement, spec } from '../../../test/support/builders';
import { WatchedTask } from '../../../test/support/watched-task';
import { LOSS_BACKOFF, LOSSES_AT_ONCE } from './ending';

const retry = {
  maxAttempts: 2,
  initialMs: 100,
  factor: 3,
  maxMs: 500,
  jitter: 0.5,
  nonRetryableCodes: ['bad-input'],
};

function taskWith(given: Record<string, unknown> = {}): WatchedTask {
  return new WatchedTask(spec({ retry: { ...retry, ...given } }));
}

/** As far as it waits, until it is queued again. */
function afterPause(task: WatchedTask): void {
  if (task.record.state !== 'backoff') return;
  task.now = task.record.retryAt ?? 0;
  task.give({ kind: 'due' });
}

/** @returns how long the task waits before it is queued again */
function lose(task: WatchedTask): number {
  const before = task.now;
  task.run();
  task.give({ kind: 'lost', attempt: task.record.attempt, reason: 'power cut' });
  afterPause(task);
  return task.now - before;
}

test('refusals and losses do not count as attempts of the retry policy', () => {
  const task = taskWith();
  for (const kind of ['refused', 'lost', 'refused'] as const) {
    task.assign();
    task.give({ kind, attempt: task.record.attempt, reason: 'gone' });
  }
  task.assign();
  task.fail();
  expect(task.record).toMatchObject({ state: 'backoff', failures: 1, losses: 1, attempt: 4 });
});

test('one loss more than the limit fails the task, and says so', () => {
  const task = taskWith();
  for (let loss = 1; loss <= LIMITS.LOST_ATTEMPTS; loss += 1) {
    task.assign();
    task.give({ kind: 'lost', attempt: loss, reason: 'power cut' });
    expect(task.record).toMatchObject({ state: loss === 1 ? 'queued' : 'backoff', losses: loss });
    afterPause(task);
  }
  task.assign();
  task.give({ kind: 'lost', attempt: task.record.attempt, reason: 'power cut' });
  expect(task.record).toMatchObject({ state: 'failed', error: { code: 'attempt-lost', retryable: false } });
  expect(task.record.error?.message).toBe('6 attempts were lost with their swarms; the last: power cut');
});

test('the first loss costs no pause; with each further one in a row the pause is longer, within the spread', () => {
  const task = new WatchedTask(spec({ retry }), seededRandom(3));
  const waits = Array.from({ length: LIMITS.LOST_ATTEMPTS }, () => lose(task));
  expect(waits.slice(0, LOSSES_AT_ONCE)).toEqual([0]);
  const { initialMs, factor, maxMs, jitter } = LOSS_BACKOFF;
  waits.slice(LOSSES_AT_ONCE).forEach((waited, index) => {
    const exact = Math.min(maxMs, initialMs * factor ** index);
    expect(waited).toBeGreaterThanOrEqual(Math.floor(exact * (1 - jitter)));
    expect(waited).toBeLessThanOrEqual(Math.ceil(exact * (1 + jitter)));
  });
  expect(waits).not.toContain(LOSS_BACKOFF.initialMs); // they are spread
});

test('losses in a row fail a task only after 20 seconds of pauses', () => {
  const task = taskWith();
  const waits = Array.from({ length: LIMITS.LOST_ATTEMPTS }, () => lose(task));
  expect(waits).toEqual([0, 500, 1_500, 4_500, 13_500]);
});

test('who follows the events is told of the pause after a loss', () => {
  const task = taskWith();
  lose(task);
  task.run();
  const next = task.give({ kind: 'lost', attempt: 2, reason: 'power cut' });
  expect(next?.events).toEqual([
    { type: 'task.lost', data: { reason: 'power cut' } },
    {
      type: 'task.backoff',
      data: {
        error: expect.objectContaining({ code: 'attempt-lost' }),
        retryAt: task.now + 500,
        lossesInARow: 2,
      },
    },
  ]);
});

test('an attempt that the agents have ended ends a row of losses, but not the count of all of them', () => {
  const task = taskWith();
  lose(task);
  lose(task);
  task.run();
  task.fail();
  afterPause(task);
  expect(lose(task)).toBe(0);
  expect(task.record.losses).toBe(3);
});

test('a task that is opened again begins a new row of losses', () => {
  const task = taskWith();
  for (let loss = 0; loss <= LIMITS.LOST_ATTEMPTS; loss += 1) lose(task);
  expect(task.record.state).toBe('failed');
  task.give({ kind: 'retry' });
  expect(lose(task)).toBe(0);
});

test('no pause after a loss is begun that would end when the total time is over', () => {
  const task = taskWith({ totalMs: 500 });
  lose(task);
  task.run();
  task.give({ kind: 'lost', attempt: 2, reason: 'power cut' });
  expect(task.record).toMatchObject({ state: 'failed', error: { code: 'attempt-lost' }, losses: 2 });
});

test('a code that the policy names, or an error that says so, ends the task at its first failure', () => {
  for (const [code, retryable, state] of [
    ['bad-input', true, 'failed'],
    ['attempt-failed', false, 'failed'],
    ['attempt-failed', true, 'backoff'],
  ] as const) {
    const task = taskWith();
    task.assign();
    task.fail({ code, retryable });
    expect(task.record).toMatchObject({ state, failures: 1 });
  }
});

test('an error of a code that the policy names is not retryable, whatever the agent says, nor is that of its attempt', () => {
  const task = taskWith();
  task.assign();
  task.fail({ code: 'bad-input', retryable: true });
  const error = { code: 'bad-input', message: 'no', retryable: false };
  expect(task.record).toMatchObject({ state: 'failed', error, attempts: [{ error }] });
});

test('failures wait longer each time, up to the longest wait of the policy', () => {
  const task = taskWith({ maxAttempts: 6 });
  const waits = Array.from({ length: 4 }, () => {
    task.assign();
    task.fail();
    const waited = (task.record.retryAt ?? 0) - task.now;
    task.now += waited;
    task.give({ kind: 'due' });
    return waited;
  });
  expect(waits).toEqual([100, 300, 500, 500]);
});

test('no wait is begun that would end when the total time is over: the task fails at once, and says so before its last error', () => {
  const task = taskWith({ maxAttempts: 6, totalMs: 400 });
  task.assign();
  task.fail();
  expect(task.record.state).toBe('backoff');
  task.now += 100;
  task.give({ kind: 'due' });
  task.assign();
  task.fail({ message: 'no again' });
  const message = 'no further attempt fits into 400 ms (retry.totalMs); the last error: no again';
  expect(task.record).toMatchObject({
    state: 'failed',
    error: { code: 'attempt-failed', message, retryable: true },
    attempts: [{}, { error: { message: 'no again' } }],
    failures: 2,
  });
});

test('what is told about the last error fits the record, however long the error is', () => {
  const task = taskWith({ totalMs: 1 });
  task.assign();
  task.fail({ message: 'x'.repeat(LIMITS.ERROR_MESSAGE_CHARS) });
  expect(task.record.error?.message).toHaveLength(LIMITS.ERROR_MESSAGE_CHARS);
  expect(task.record.error?.message).toMatch(/^no further attempt fits into 1 ms/);
});

test('a lost attempt costs what it ran', () => {
  const task = taskWith();
  task.assign(placement({ costPerSlotHour: 3.6 }));
  task.now += 1_000;
  task.give({ kind: 'accepted', attempt: 1 });
  task.now += 3_600_000;
  const next = task.give({ kind: 'lost', attempt: 1, reason: 'gone' });
  expect(task.record.cost).toBeCloseTo(3.6, 9);
  expect(next?.effects[0]).toMatchObject({ kind: 'give-back', outcome: 'lost', durationMs: 3_600_000 });
});

test('an attempt that is lost before it was accepted never began, and costs nothing', () => {
  const task = taskWith();
  task.assign();
  task.now += 3_600_000;
  task.give({ kind: 'lost', attempt: 1, reason: 'gone' });
  expect(task.record.cost).toBe(0);
  expect(task.record.attempts[0]).toMatchObject({ startedAt: undefined });
  expect(task.record.startedAt).toBeUndefined();
});

test('a report that overtakes its acceptance tells of the start and the end', () => {
  const task = taskWith();
  task.assign();
  const next = task.give({
    kind: 'finished',
    attempt: 1,
    outcome: 'succeeded',
    result: { startedAt: 5, finishedAt: 9, output: { ok: true }, usage: { inputTokens: 3 } },
  });
  expect(next?.events.map(({ type }) => type)).toEqual(['task.running', 'task.succeeded']);
  expect(task.record).toMatchObject({ startedAt: 5, output: { ok: true }, usage: { inputTokens: 3 } });
  expect(task.give({ kind: 'accepted', attempt: 1 })).toBeUndefined();
});

test('an attempt that succeeds in spite of a cancellation is a success', () => {
  const task = taskWith();
  task.assign();
  task.give({ kind: 'cancel', reason: 'enough' });
  const result = { startedAt: 0, finishedAt: 1, output: 7 };
  task.give({ kind: 'finished', attempt: 1, outcome: 'succeeded', result });
  expect(task.record).toMatchObject({ state: 'succeeded', output: 7 });
});

test('an attempt that fails after a cancellation is not tried again, and the task says who wanted that', () => {
  const task = taskWith();
  task.run();
  task.give({ kind: 'cancel', reason: 'enough' });
  task.fail();
  expect(task.record).toMatchObject({ state: 'cancelled', error: { code: 'cancelled', message: 'enough' } });
});

test('a step that waits for others is skipped, rejected or queued, and only once', () => {
  const error = { code: 'upstream-failed', message: 'no', retryable: false };
  for (const [command, state] of [
    [{ kind: 'skip', error }, 'skipped'],
    [{ kind: 'reject', error }, 'failed'],
    [{ kind: 'unblock' }, 'queued'],
  ] as const) {
    const task = new WatchedTask(spec({ workflowId: 'w0-00000001', step: 'a' }));
    expect(task.record.state).toBe('blocked');
    task.give(command);
    expect(task.record.state).toBe(state);
    expect(task.give(command)).toBeUndefined();
  }
});

test('a lone task that waits for its time is nobody else’s to start or to end', () => {
  const task = new WatchedTask(spec({ notBefore: '2026-01-01T00:01:00.000Z' }));
  const error = { code: 'upstream-failed', message: 'no', retryable: false };
  for (const kind of ['unblock', 'skip', 'reject'] as const)
    expect(task.give({ kind, error })).toBeUndefined();
});
