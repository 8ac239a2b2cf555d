import { isTerminal, LIMITS, type TaskState } from '@multiswarm/contracts';
import { seededRandom } from '@multiswarm/core';
import fc from 'fast-check';
import { placement, spec } from '../../../test/support/builders';
import { newTask, type Effect, type TaskCommand, type TaskRecord } from './record';
import { REFUSAL_BACKOFF, REFUSALS_AT_ONCE, transition } from './transition';

const PRICE = 3.6;
const NON_RETRYABLE = 'bad-input';

/** What the state machine must agree with, in the fewest words: no records, no events, only what counts. */
interface Model {
  state: TaskState;
  attempt: number;
  failures: number;
  losses: number;
  refusals: number;
  cancelRequested: boolean;
}

interface Real {
  record: TaskRecord;
  now: number;
  givenBack: number[];
  dispatched: { attempt: number; afterCancel: boolean }[];
}

const held = (model: Readonly<Model>): boolean => model.state === 'assigned' || model.state === 'running';

class Given implements fc.Command<Model, Real> {
  constructor(
    private readonly command: TaskCommand,
    private readonly waitMs: number,
    /** Whether the command is given twice, as a network does. */
    private readonly twice: boolean,
  ) {}

  check(): boolean {
    return true;
  }

  run(model: Model, real: Real): void {
    this.give(model, real);
    if (this.twice) this.give(model, real);
  }

  toString(): string {
    return `${this.twice ? 'twice ' : ''}${JSON.stringify(this.command)} after ${this.waitMs} ms`;
  }

  private give(model: Model, real: Real): void {
    real.now += this.waitMs;
    const before = real.record;
    const frozen = JSON.stringify(before);
    const next = transition(before, this.command, real.now, seededRandom(real.now));
    expect(JSON.stringify(before)).toBe(frozen);
    const expected = predict(model, this.command);
    expect(next !== undefined).toBe(expected !== undefined);
    if (!next || !expected) return;
    Object.assign(model, expected);
    real.record = next.record;
    this.note(real, next.effects, before);
    assertInvariants(model, real, before, this.command);
  }

  private note(real: Real, effects: Effect[], before: TaskRecord): void {
    for (const effect of effects) {
      if (effect.kind === 'give-back') real.givenBack.push(effect.attempt.attempt);
      if (effect.kind === 'dispatch')
        real.dispatched.push({ attempt: real.record.attempt, afterCancel: before.cancel !== undefined });
    }
  }
}

/** The reference: undefined where a command must change nothing. */
function predict(model: Model, command: TaskCommand): Partial<Model> | undefined {
  if (isTerminal(model.state)) return undefined;
  switch (command.kind) {
    case 'unblock':
      return model.state === 'blocked' ? { state: 'queued' } : undefined;
    case 'retry-due':
      return model.state === 'backoff' ? { state: 'queued' } : undefined;
    case 'skip':
      return model.state === 'blocked' ? { state: 'skipped' } : undefined;
    case 'reject':
      return model.state === 'blocked' ? { state: 'failed' } : undefined;
    case 'assign':
      return model.state === 'queued' ? { state: 'assigned', attempt: model.attempt + 1 } : undefined;
    case 'cancel':
      if (model.cancelRequested) return undefined;
      return { cancelRequested: true, ...(held(model) ? {} : { state: 'cancelled' as const }) };
    case 'accepted':
      return model.state === 'assigned' && command.attempt === model.attempt
        ? { state: 'running', refusals: 0 }
        : undefined;
    case 'refused':
      return model.state === 'assigned' && command.attempt === model.attempt
        ? predictRefusal(model)
        : undefined;
    case 'lost':
      return held(model) && command.attempt === model.attempt ? predictLoss(model) : undefined;
    case 'finished':
      return held(model) && command.attempt === model.attempt ? predictEnd(model, command) : undefined;
  }
}

function predictRefusal(model: Model): Partial<Model> {
  if (model.cancelRequested) return { state: 'cancelled' };
  const refusals = model.refusals + 1;
  return { state: refusals > REFUSALS_AT_ONCE ? 'backoff' : 'queued', refusals };
}

function predictLoss(model: Model): Partial<Model> {
  const losses = model.losses + 1;
  if (model.cancelRequested) return { state: 'cancelled', losses };
  return { state: losses > LIMITS.LOST_ATTEMPTS ? 'failed' : 'queued', losses };
}

function predictEnd(model: Model, command: Extract<TaskCommand, { kind: 'finished' }>): Partial<Model> {
  const { error } = command.result;
  if (command.outcome === 'succeeded') return { state: 'succeeded' };
  if (model.cancelRequested || command.outcome === 'cancelled') return { state: 'cancelled' };
  const failures = model.failures + 1;
  const retryable = error === undefined || (error.retryable && error.code !== NON_RETRYABLE);
  const again = retryable && failures < RETRY.maxAttempts;
  return { state: again ? 'backoff' : 'failed', failures, refusals: 0 };
}

const RETRY = {
  maxAttempts: 4,
  initialMs: 100,
  factor: 3,
  maxMs: 500,
  jitter: 0.5,
  nonRetryableCodes: [NON_RETRYABLE],
};

function assertInvariants(model: Model, real: Real, before: TaskRecord, command: TaskCommand): void {
  const { record } = real;
  expect(record).toMatchObject({
    state: model.state,
    attempt: model.attempt,
    failures: model.failures,
    losses: model.losses,
  });
  expect(record.cancel !== undefined).toBe(model.cancelRequested);
  // T1
  expect(isTerminal(before.state)).toBe(false);
  expect(record.endedAt !== undefined).toBe(isTerminal(record.state));
  // T3
  expect(record.attempt - before.attempt).toBe(command.kind === 'assign' ? 1 : 0);
  // T4: all that were assigned but the one that is held now
  const open = held(model) ? record.attempt - 1 : record.attempt;
  expect(real.givenBack).toEqual(Array.from({ length: open }, (_, index) => index + 1));
  // T5
  expect(real.dispatched.filter(({ afterCancel }) => afterCancel)).toEqual([]);
  expect(real.dispatched.map(({ attempt }) => attempt)).toEqual(
    Array.from({ length: record.attempt }, (_, index) => index + 1),
  );
  // Money and limits
  expect(record.cost).toBeGreaterThanOrEqual(before.cost);
  expect(record.losses).toBeLessThanOrEqual(LIMITS.LOST_ATTEMPTS + 1);
  expect(record.failures).toBeLessThanOrEqual(RETRY.maxAttempts);
  if (record.attempt <= LIMITS.ATTEMPT_HISTORY) {
    const sum = record.attempts.reduce((total, { cost }) => total + (cost ?? 0), 0);
    expect(record.cost).toBeCloseTo(sum, 9);
  }
  expect(record.attempts.length).toBe(Math.min(record.attempt, LIMITS.ATTEMPT_HISTORY));
  // Backoff: inside its bounds, and only then is there a time to wait for
  expect(record.retryAt !== undefined).toBe(record.state === 'backoff');
  if (record.retryAt !== undefined) {
    const refused = (record.refusals ?? 0) > REFUSALS_AT_ONCE;
    const { initialMs, factor, maxMs, jitter } = refused ? REFUSAL_BACKOFF : RETRY;
    const times = refused ? model.refusals - REFUSALS_AT_ONCE : record.failures;
    const exact = Math.min(maxMs, initialMs * factor ** (times - 1));
    const waited = record.retryAt - real.now;
    expect(waited).toBeGreaterThanOrEqual(Math.floor(exact * (1 - jitter)));
    expect(waited).toBeLessThanOrEqual(Math.ceil(exact * (1 + jitter)));
  }
}

const number = fc.integer({ min: 1, max: 8 });
const error = fc.constantFrom(
  { code: 'attempt-failed', message: 'no', retryable: true },
  { code: NON_RETRYABLE, message: 'no', retryable: true },
  { code: 'attempt-failed', message: 'no', retryable: false },
);
const result = fc
  .record({ startedAt: fc.nat(10_000), ran: fc.integer({ min: -50, max: 10_000 }), error: fc.option(error) })
  .map(({ startedAt, ran, error: given }) => ({
    startedAt,
    finishedAt: startedAt + ran,
    ...(given ? { error: given } : {}),
  }));
const anyCommand: fc.Arbitrary<TaskCommand> = fc.oneof(
  fc.constant<TaskCommand>({ kind: 'unblock' }),
  fc.constant<TaskCommand>({ kind: 'retry-due' }),
  fc.constant<TaskCommand>({ kind: 'assign', placement: placement({ costPerSlotHour: PRICE }) }),
  number.map((attempt): TaskCommand => ({ kind: 'accepted', attempt })),
  number.map((attempt): TaskCommand => ({ kind: 'refused', attempt, reason: 'full' })),
  number.map((attempt): TaskCommand => ({ kind: 'lost', attempt, reason: 'gone' })),
  fc
    .record({
      attempt: number,
      outcome: fc.constantFrom('succeeded', 'failed', 'failed', 'timed-out', 'cancelled'),
      result,
    })
    .map((given): TaskCommand => ({ kind: 'finished', ...given })),
);
const endingCommand: fc.Arbitrary<TaskCommand> = fc.constantFrom<TaskCommand>(
  { kind: 'cancel', reason: 'enough' },
  { kind: 'skip', error: { code: 'upstream-failed', message: 'no', retryable: false } },
  { kind: 'reject', error: { code: 'input-too-large', message: 'no', retryable: false } },
);
const command = fc.oneof({ arbitrary: anyCommand, weight: 20 }, { arbitrary: endingCommand, weight: 1 });

function start(blocked: boolean): { model: Model; real: Real } {
  const { record } = newTask('t0-00000001', spec({ retry: RETRY }), blocked, 0);
  return {
    model: {
      state: record.state,
      attempt: 0,
      failures: 0,
      losses: 0,
      refusals: 0,
      cancelRequested: false,
    },
    real: { record, now: 0, givenBack: [], dispatched: [] },
  };
}

test('any sequence of commands, late, doubled or for another attempt, keeps T1 to T5', () => {
  const commands = fc.commands(
    [
      fc
        .record({ command, waitMs: fc.nat(1_000), twice: fc.boolean() })
        .map(({ command: given, waitMs, twice }) => new Given(given, waitMs, twice)),
    ],
    { maxCommands: 120, size: 'max' },
  );
  let furthest = 0;
  fc.assert(
    fc.property(fc.boolean(), commands, (blocked, sequence) => {
      const { model, real } = start(blocked);
      fc.modelRun(() => ({ model, real }), sequence);
      furthest = Math.max(furthest, model.attempt);
    }),
    { numRuns: 200 },
  );
  expect(furthest).toBeGreaterThan(3);
});

describe('one step at a time', () => {
  const random = seededRandom(1);
  const run = (commands: TaskCommand[], given: Record<string, unknown> = {}): TaskRecord => {
    let { record } = newTask('t0-00000001', spec({ retry: RETRY, ...given }), false, 0);
    for (const each of commands) record = transition(record, each, 1_000, random)?.record ?? record;
    return record;
  };
  const assign: TaskCommand = { kind: 'assign', placement: placement() };
  const fail = (attempt: number, code = 'attempt-failed', retryable = true): TaskCommand => ({
    kind: 'finished',
    attempt,
    outcome: 'failed',
    result: { startedAt: 0, finishedAt: 10, error: { code, message: 'no', retryable } },
  });

  test('refusals and losses do not count as attempts of the retry policy', () => {
    const record = run(
      [
        ...[1, 2].flatMap((attempt): TaskCommand[] => [assign, { kind: 'refused', attempt, reason: 'full' }]),
        assign,
        { kind: 'lost', attempt: 3, reason: 'gone' },
        assign,
        fail(4),
      ],
      { retry: { ...RETRY, maxAttempts: 2 } },
    );
    expect(record).toMatchObject({ state: 'backoff', failures: 1, losses: 1, attempt: 4 });
  });

  test('one loss more than the limit fails the task, and says so', () => {
    const losses = Array.from({ length: LIMITS.LOST_ATTEMPTS + 1 }, (_, index): TaskCommand[] => [
      assign,
      { kind: 'lost', attempt: index + 1, reason: 'power cut' },
    ]);
    expect(run(losses.slice(0, -1).flat()).state).toBe('queued');
    const record = run(losses.flat());
    expect(record).toMatchObject({ state: 'failed', error: { code: 'attempt-lost', retryable: false } });
    expect(record.error?.message).toContain('power cut');
  });

  test('a code that the policy names, or an error that says so, ends the task at its first failure', () => {
    expect(run([assign, fail(1, NON_RETRYABLE)])).toMatchObject({ state: 'failed', failures: 1 });
    expect(run([assign, fail(1, 'attempt-failed', false)])).toMatchObject({ state: 'failed', failures: 1 });
    expect(run([assign, fail(1)]).state).toBe('backoff');
  });

  test('a lost attempt costs what it ran, a refused one nothing', () => {
    const lost: TaskCommand = { kind: 'lost', attempt: 1, reason: 'gone' };
    let record = run([assign, { kind: 'accepted', attempt: 1 }]);
    record = transition(record, lost, 1_000 + 3_600_000, random)?.record ?? record;
    expect(record.cost).toBeCloseTo(PRICE, 9);
    expect(run([assign, { kind: 'refused', attempt: 1, reason: 'full' }]).cost).toBe(0);
  });

  test('an attempt that succeeds in spite of a cancellation is a success', () => {
    const record = run([
      assign,
      { kind: 'cancel', reason: 'enough' },
      {
        kind: 'finished',
        attempt: 1,
        outcome: 'succeeded',
        result: { startedAt: 0, finishedAt: 1, output: 7 },
      },
    ]);
    expect(record).toMatchObject({ state: 'succeeded', output: 7 });
  });

  test('a task that is refused again and again waits longer each time, and not at all once it was accepted', () => {
    const refusals = (from: number, count: number): TaskCommand[] =>
      Array.from({ length: count }, (_, index): TaskCommand[] => [
        assign,
        { kind: 'refused', attempt: from + index, reason: 'draining' },
        { kind: 'retry-due' },
      ]).flat();
    const delays = [3, 4, 5, 20].map((count) => {
      const record = run(refusals(1, count).slice(0, -1));
      return [record.state, Math.round(((record.retryAt ?? 0) - record.since) / 100)];
    });
    expect(delays.map(([state]) => state)).toEqual(Array(4).fill('backoff'));
    expect(delays.map(([, waited]) => waited)).toEqual(
      [...delays.map(([, waited]) => waited)].sort((a, b) => Number(a) - Number(b)),
    );
    const accepted: TaskCommand[] = [
      assign,
      { kind: 'accepted', attempt: 5 },
      { kind: 'lost', attempt: 5, reason: 'gone' },
    ];
    expect(run([...refusals(1, 4), ...accepted, ...refusals(6, 1).slice(0, -1)]).state).toBe('queued');
  });

  test('a refusal is put back with the swarm that refused, so that another is tried', () => {
    const assigned = run([assign]);
    const next = transition(assigned, { kind: 'refused', attempt: 1, reason: 'full' }, 1, random);
    expect(next?.effects).toContainEqual({ kind: 'enqueue', avoid: 'a' });
  });
});
