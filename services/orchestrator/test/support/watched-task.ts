import assert from 'node:assert/strict';
import { isTerminal, LIMITS, type TaskError, type TaskSpec } from '@multiswarm/contracts';
import type { Random } from '@multiswarm/core';
import { dueAt } from '../../src/domain/task/due';
import {
  isHeld,
  isPlaceable,
  newTask,
  type AttemptEnd,
  type AttemptResult,
  type EventDraft,
  type TaskCommand,
  type TaskRecord,
  type Transition,
} from '../../src/domain/task/record';
import { transition } from '../../src/domain/task/transition';
import { whyNot } from '../../src/domain/task/why-not';
import { placement } from './builders';
import { WatchedHistory } from './watched-history';

export const START = Date.parse('2026-01-01T00:00:00.000Z');
/** The middle of the spread: delays are exact. */
const NO_JITTER: Random = { next: () => 0.5 };

/** A task as the world around it sees it, by its effects and events; every change is held against T1 to T13, and H1. */
export class WatchedTask {
  now = START;
  record: TaskRecord;
  private readonly open = new Set<number>();
  private placeable = false;
  readonly history = new WatchedHistory();
  private commanded: TaskCommand['kind'] | 'submit' = 'submit';

  constructor(
    given: TaskSpec,
    private readonly random = NO_JITTER,
  ) {
    const blocked = given.workflowId !== undefined;
    const born = newTask('t0-00000001', freeze(given), { blocked, order: 1 }, START);
    this.history.see(undefined, born, START);
    this.record = freeze(born.record);
    this.see(undefined, born);
  }

  /** @returns what changed, or undefined */
  give(command: TaskCommand): Transition | undefined {
    const before = this.record;
    const due = dueAt(before);
    const next = transition(before, command, this.now, this.random);
    // T10: no busy loop, and no timer that is slept through.
    if (command.kind === 'due') assert.equal(next !== undefined, due !== undefined && due <= this.now);
    const reason = whyNot(before, command, this.now);
    if (command.kind === 'retry') assert.equal(next === undefined, reason !== undefined);
    // Its run answers an approval; anybody else is told so.
    else if (reason !== undefined && before.spec.control !== 'approval') assert.equal(next, undefined);
    if (!next) return undefined;
    this.commanded = command.kind;
    this.history.see(before, next, this.now);
    this.record = freeze(next.record);
    this.see(before, next);
    return next;
  }

  get due(): number | undefined {
    return dueAt(this.record);
  }

  assign(where = placement()): Transition | undefined {
    return this.give({ kind: 'assign', attempt: this.record.attempt + 1, placement: where });
  }

  run(): void {
    this.assign();
    this.give({ kind: 'accepted', attempt: this.record.attempt });
  }

  fail(error: Partial<TaskError> = {}): Transition | undefined {
    const fault = { code: 'attempt-failed', message: 'no', retryable: true, ...error };
    return this.finish('failed', { error: fault });
  }

  succeed(): Transition | undefined {
    return this.finish('succeeded', { output: null });
  }

  private finish(outcome: AttemptEnd, result: Partial<AttemptResult>): Transition | undefined {
    const { attempt, attempts } = this.record;
    const startedAt = attempts.at(-1)?.startedAt ?? this.now;
    return this.give({
      kind: 'finished',
      attempt,
      outcome,
      result: { startedAt, finishedAt: this.now, ...result },
    });
  }

  private see(before: TaskRecord | undefined, next: Transition): void {
    if (before && this.commanded === 'late-result') seeNothingElse(before, next);
    this.seeEffects(before, next);
    this.seeEvents(before, next);
    const { record } = next;
    if (before && isTerminal(before.state) && before.state !== record.state)
      assert.ok(this.commanded === 'retry' || this.commanded === 'redrive'); // T1
    const begun = record.attempt - (before?.attempt ?? 0);
    assert.equal(begun, this.commanded === 'assign' ? 1 : 0); // T3
    if (begun > 0) assert.ok(!before?.cancel && !before?.paused); // T5, T7
    if (record.spec.control !== undefined) assert.equal(record.attempt, 0); // T12
    assert.ok(record.failures <= record.spec.retry.maxAttempts && record.losses <= LIMITS.LOST_ATTEMPTS + 1);
    assert.equal(record.attempts.length, Math.min(record.attempt, LIMITS.ATTEMPT_HISTORY));
    if (record.attempt <= LIMITS.ATTEMPT_HISTORY) {
      const sum = record.attempts.reduce((total, { cost }) => total + (cost ?? 0), 0);
      assert.ok(Math.abs(record.cost - sum) < 1e-9);
    }
    assert.equal(record.endedAt !== undefined, isTerminal(record.state));
    assert.equal(record.retryAt !== undefined, record.state === 'backoff');
    if (isTerminal(record.state)) assert.equal(dueAt(record), undefined);
  }

  private seeEffects(before: TaskRecord | undefined, { record, effects }: Transition): void {
    if (this.commanded === 'assign') {
      this.open.add(record.attempt);
      this.placeable = false;
    }
    for (const effect of effects)
      if (effect.kind === 'give-back') {
        assert.ok(this.open.delete(effect.attempt.attempt)); // T4: exactly once
        assert.equal(effect.attempt.outcome, effect.outcome);
      } else if (effect.kind === 'enqueue' || effect.kind === 'dequeue') {
        assert.notEqual(this.placeable, effect.kind === 'enqueue');
        this.placeable = effect.kind === 'enqueue';
      } else if (effect.kind === 'cancel-attempt' || effect.kind === 'signal-attempt') {
        assert.equal(effect.attempt, record.attempt);
        assert.equal(effect.swarmId, record.attempts.at(-1)?.swarmId);
      }
    assert.equal(this.placeable, isPlaceable(record)); // T7
    assert.deepEqual([...this.open], isHeld(record) ? [record.attempt] : []); // T4, and never two
    const has = (kind: string): boolean => effects.some((effect) => effect.kind === kind);
    const [was, is] = [before !== undefined && isTerminal(before.state), isTerminal(record.state)];
    assert.equal(has('ended'), !was && is);
    assert.equal(has('reopened'), was && !is);
    assert.equal(has('dispatch'), this.commanded === 'assign');
  }

  /** T11: whoever follows the events alone has the state. */
  private seeEvents(before: TaskRecord | undefined, { record, events }: Transition): void {
    assert.ok(events.length > 0);
    assert.equal(events.reduce<string | undefined>(stateAfter, before?.state), record.state);
  }
}

function stateAfter(state: string | undefined, { type, data }: EventDraft): string | undefined {
  const name = type.slice('task.'.length);
  if (name === 'submitted' || name === 'retried') return 'blocked';
  if (name === 'refused') return data?.['retryAt'] === undefined ? state : 'backoff';
  const tells = ['queued', 'waiting', 'assigned', 'running', 'backoff'].includes(name) || isTerminal(name);
  return tells ? name : state;
}

/** T13. */
function seeNothingElse(before: TaskRecord, { record, events, effects }: Transition): void {
  const withoutLate = ({ attempts, ...rest }: TaskRecord): unknown => ({
    ...rest,
    events: 0, // it has one more
    attempts: attempts.map((attempt) => ({ ...attempt, late: undefined })),
  });
  assert.deepEqual(withoutLate(record), withoutLate(before));
  assert.deepEqual(
    events.map(({ type }) => type),
    ['task.late-result'],
  );
  assert.deepEqual(effects, []);
}

/** A transition must not touch the record that it was given. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
  return value;
}
