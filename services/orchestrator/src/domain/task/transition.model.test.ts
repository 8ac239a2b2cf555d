import assert from 'node:assert/strict';
import { isTerminal, type TaskSpec } from '@multiswarm/contracts';
import fc from 'fast-check';
import { placement, spec } from '../../../test/support/builders';
import { TaskModel, type Countdown, type Rules } from '../../../test/support/task-model';
import { START, WatchedTask } from '../../../test/support/watched-task';
import { dueAt } from './due';
import type { TaskCommand } from './record';

const NON_RETRYABLE = 'bad-input';
const SLEEP_MS = 700;

/** How the error of a task names the time that ran out. */
const TOLD: [Countdown, string][] = [
  ['deadline', 'timeouts.deadline'],
  ['wait', 'timeouts.scheduleToStartMs'],
  ['signal', 'waitFor.timeoutMs'],
  ['total', 'retry.totalMs'],
];

/** When a command comes: so much later, or at the time that the task has asked for, or just before it. */
type When = number | 'due' | 'just before';

class Given implements fc.Command<TaskModel, WatchedTask> {
  constructor(
    private readonly command: (attempt: number, now: number) => TaskCommand,
    private readonly when: When,
    private readonly label: string,
  ) {}

  check(): boolean {
    return true;
  }

  run(model: TaskModel, real: WatchedTask): void {
    const due = model.dueIn ?? 0;
    const ms = typeof this.when === 'number' ? this.when : Math.max(0, due - (this.when === 'due' ? 0 : 1));
    model.pass(ms);
    real.now += ms;
    const command = fitting(this.command(model.attempt, real.now), model.rules);
    const given = command.kind === 'await' && command.wakesAt !== undefined;
    assert.equal(
      real.give(given ? { ...command, wakesAt: real.now + SLEEP_MS } : command) !== undefined,
      model.give(command),
      `changed by ${JSON.stringify(command)}`,
    );
    agree(model, real);
  }

  toString(): string {
    return `${this.label} after ${this.when}`;
  }
}

/** A step that no swarm runs begins to wait for its run, or for a time, where others go into the queue. */
function fitting(command: TaskCommand, { control }: Rules): TaskCommand {
  if (command.kind !== 'unblock' || (control !== 'map' && control !== 'sleep')) return command;
  return control === 'map' ? { kind: 'await' } : { kind: 'await', wakesAt: SLEEP_MS };
}

function agree(model: TaskModel, { record, now }: WatchedTask): void {
  assert.equal(record.state, model.state);
  assert.equal(record.attempt, model.attempt);
  assert.equal(record.failures, model.failures);
  assert.equal(record.losses, model.losses);
  assert.equal(record.paused !== undefined, model.paused);
  assert.equal(record.purgedAt !== undefined, model.purged);
  assert.equal(record.cancel !== undefined, model.cancelled);
  assert.equal((record.signals ?? []).map(({ name }) => name).join(), model.signals.join());
  if (model.ended) {
    assert.equal(record.error?.code, model.code);
    for (const [countdown, field] of TOLD)
      assert.equal(record.error?.message.includes(`(${field})`) ?? false, model.ranOut === countdown);
  }
  for (const error of [record.error, ...record.attempts.map((attempt) => attempt.error)])
    if (error?.code === NON_RETRYABLE) assert.equal(error.retryable, false);
  const due = dueAt(record);
  assert.equal(due === undefined ? undefined : due - now, model.dueIn);
}

/** Set in one of so many tasks: where all timeouts are set, none lives long enough to get far. */
const sometimes = (oneOf: number, least: number, most: number): fc.Arbitrary<number | undefined> =>
  fc.oneof(
    { arbitrary: fc.constant(undefined), weight: oneOf - 1 },
    { arbitrary: fc.integer({ min: least, max: most }), weight: 1 },
  );

const controls = fc.constantFrom(undefined, undefined, 'wait', 'approval', 'map', 'sleep');

const rules = fc
  .record({
    step: fc.nat(3).map((n) => n === 0),
    notBeforeMs: sometimes(3, -100, 2_000),
    signal: sometimes(3, 0, 0).map((given) => (given === undefined ? undefined : 'go')),
    signalWaitMs: sometimes(2, 1, 3_000),
    scheduleToStartMs: sometimes(3, 1, 3_000),
    startToCloseMs: sometimes(2, 1, 20_000),
    deadlineMs: sometimes(5, -10, 100_000),
    maxAttempts: fc.integer({ min: 1, max: 4 }),
    initialMs: fc.nat(400),
    factor: fc.constantFrom(1, 2, 3),
    maxMs: fc.constantFrom(100, 1_000),
    totalMs: sometimes(3, 1, 5_000),
  })
  .chain((given) =>
    controls.map((control) => ruleOf({ ...given, nonRetryableCodes: [NON_RETRYABLE] } as Rules, control)),
  );

/** Only a step has a control, and only one that waits for a signal, or for somebody's word, has that. */
function ruleOf(rule: Rules, control: Rules['control']): Rules {
  if (!rule.step || control === undefined) return rule;
  const { signal: _own, ...others } = rule;
  return control === 'wait' || control === 'approval'
    ? { ...others, control, signal: 'go' }
    : { ...others, control };
}

function specOf(rule: Rules): TaskSpec {
  const instant = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : new Date(START + ms).toISOString();
  const {
    maxAttempts,
    initialMs,
    factor,
    maxMs,
    totalMs,
    nonRetryableCodes,
    startToCloseMs,
    scheduleToStartMs,
  } = rule;
  const waitFor = rule.signal && { signal: rule.signal, timeoutMs: rule.signalWaitMs };
  return spec({
    retry: { maxAttempts, initialMs, factor, maxMs, jitter: 0.5, totalMs, nonRetryableCodes },
    timeouts: { startToCloseMs, scheduleToStartMs, deadline: instant(rule.deadlineMs) },
    ...(waitFor ? { waitFor } : {}),
    ...(rule.control === undefined ? {} : { control: rule.control }),
    ...(rule.step ? { workflowId: 'w0-00000001', step: 'a' } : { notBefore: instant(rule.notBeforeMs) }),
  });
}

const errors = fc.constantFrom(
  undefined,
  { code: 'attempt-failed', message: 'no', retryable: true },
  { code: NON_RETRYABLE, message: 'no', retryable: true },
  { code: 'attempt-failed', message: 'no', retryable: false },
);
/** Mostly the right attempt, else one that is over or has never been. */
const offset = fc.oneof(
  { arbitrary: fc.constant(0), weight: 8 },
  { arbitrary: fc.integer({ min: -2, max: 2 }), weight: 1 },
);
const when: fc.Arbitrary<When> = fc.oneof(
  { arbitrary: fc.nat(300), weight: 6 },
  { arbitrary: fc.constantFrom<When>('due', 'just before', 0), weight: 2 },
  { arbitrary: fc.nat(40_000), weight: 1 },
);

/** `await`: see `fitting`; what sub-workflows have spent has tests of its own. */
type ModelledKind = Exclude<TaskCommand['kind'], 'await' | 'spent'>;

function commandOf(
  kind: ModelledKind,
  by: number,
  outcome: 'succeeded' | 'failed' | 'cancelled' | 'timed-out',
  error: { code: string; message: string; retryable: boolean } | undefined,
): (attempt: number, now: number) => TaskCommand {
  const fault = { code: 'upstream-failed', message: 'no', retryable: false };
  return (last, now) => {
    const attempt = last + by;
    switch (kind) {
      case 'assign':
        return { kind, attempt: attempt + 1, placement: placement() };
      case 'accepted':
        return by === 0 && now % 2 === 0
          ? { kind, attempt, placement: placement({ swarmId: 'b' }) }
          : { kind, attempt };
      case 'finished':
        return {
          kind,
          attempt,
          outcome,
          result: { startedAt: now - 9, finishedAt: now, ...(error ? { error } : {}) },
        };
      case 'late-result':
        return {
          kind,
          attempt,
          swarmId: 'late',
          outcome,
          result: { startedAt: now - 9, finishedAt: now, ...(error ? { error } : {}) },
        };
      case 'progress':
        return { kind, attempt, progress: { at: now } };
      case 'refused':
      case 'lost':
        return { kind, attempt, reason: 'gone' };
      case 'cancel':
      case 'pause':
        return { kind, reason: 'enough' };
      case 'signal':
        return {
          kind,
          signal: { name: outcome === 'failed' ? 'go' : 'news', payload: { approved: by === 0 }, at: now },
        };
      case 'fulfil':
        return { kind, output: now };
      case 'skip':
      case 'reject':
        return { kind, error: fault };
      case 'redrive':
        return { kind, key: outcome, asked: {} };
      case 'purge':
        return { kind, asked: { requestedBy: 'me', reason: 'enough' } };
      default:
        return { kind };
    }
  };
}

const WEIGHTS: Record<ModelledKind, number> = {
  assign: 12,
  accepted: 8,
  refused: 4,
  lost: 3,
  finished: 6,
  due: 10,
  retry: 3,
  redrive: 3,
  purge: 1,
  unblock: 3,
  signal: 4,
  pause: 1,
  resume: 2,
  progress: 1,
  'late-result': 3,
  cancel: 1,
  skip: 0.2,
  reject: 0.2,
  fulfil: 0.4,
};
const kinds = Object.keys(WEIGHTS) as ModelledKind[];
const kind = fc.oneof(
  ...kinds.map((each) => ({ arbitrary: fc.constant(each), weight: Math.ceil(WEIGHTS[each] * 5) })),
);
const outcome = fc.constantFrom('succeeded', 'failed', 'failed', 'failed', 'timed-out', 'cancelled');
const given = fc
  .tuple(kind, offset, outcome, errors, when)
  .map(
    ([each, by, how, error, at]) =>
      new Given(commandOf(each, by, how, error), at, `${each} ${by} ${how} ${error?.code ?? ''}`),
  );

const sequences = fc.commands([given], { maxCommands: 100, size: 'max' });

/** From wherever it is, a task that is cancelled ends by the passing of time alone. */
function cancelEnds(model: TaskModel, real: WatchedTask): void {
  const steps: TaskCommand[] = [
    { kind: 'cancel', reason: 'over' },
    ...Array<TaskCommand>(3).fill({ kind: 'due' }),
  ];
  for (const command of steps)
    if (!model.ended) new Given(() => command, 'due', command.kind).run(model, real);
  assert.ok(isTerminal(real.record.state));
}

/** All the ways to end, so that none of them is missed for want of luck. */
const ENDS = [
  'succeeded',
  'cancelled cancelled',
  'skipped upstream-failed',
  'failed upstream-failed',
  'failed rejected',
  'failed attempt-failed',
  'failed bad-input',
  'failed attempt-lost',
  'failed attempt-timeout',
  'expired deadline-exceeded',
  'expired schedule-to-start-timeout',
  'expired signal-timeout',
];

test('any sequence of commands, late, doubled or for another attempt, does what the reference does and keeps T1 to T13', () => {
  const ends = new Set<string>();
  let furthest = 0;
  fc.assert(
    fc.property(rules, sequences, (rule, sequence) => {
      const setup = { model: new TaskModel(rule), real: new WatchedTask(specOf(rule)) };
      agree(setup.model, setup.real);
      fc.modelRun(() => setup, sequence);
      const { state, error } = setup.real.record;
      if (isTerminal(state)) ends.add(error ? `${state} ${error.code}` : state);
      furthest = Math.max(furthest, setup.model.attempt);
      cancelEnds(setup.model, setup.real);
    }),
    { numRuns: 5_000 },
  );
  expect([...ends].sort()).toEqual([...ENDS].sort());
  expect(furthest).toBeGreaterThan(4);
});
