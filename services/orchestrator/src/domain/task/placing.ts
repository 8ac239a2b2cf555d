import { LIMITS, type Placement } from '@multiswarm/contracts';
import { backoffMs, type Backoff, type Random } from '@multiswarm/core';
import { close, stop, tellSignals, withCurrent } from './attempt';
import { queue } from './begin';
import { dueTimer } from './due';
import { end } from './ending';
import { becauseOf } from './receipt';
import {
  currentAttempt,
  isPlaceable,
  type Attempt,
  type AttemptPlacement,
  type Effect,
  type EventDraft,
  type TaskCommand,
  type TaskRecord,
  type Transition,
} from './record';

/** From the queue to a swarm that has accepted. */

/** Refusals in a row after which the next try is still made at once, at another swarm. */
export const REFUSALS_AT_ONCE = 2;
export const REFUSAL_BACKOFF: Backoff = { initialMs: 100, factor: 2, maxMs: 30_000, jitter: 0.2 };

export function assign(
  record: TaskRecord,
  { placement, attempt: number }: Extract<TaskCommand, { kind: 'assign' }>,
  now: number,
): Transition | undefined {
  if (!isPlaceable(record)) return undefined; // T7
  if (number !== record.attempt + 1) return undefined; // T3
  if (dueTimer(record, now) !== undefined) return undefined; // T8
  const attempts = [...record.attempts, bornAttempt(number, placement, now)];
  if (attempts.length > LIMITS.ATTEMPT_HISTORY) attempts.shift();
  return {
    record: { ...record, state: 'assigned', since: now, attempt: number, attempts, progress: undefined },
    events: [{ type: 'task.assigned', data: { because: becauseOf(placement) } }],
    effects: [{ kind: 'dispatch' }],
  };
}

/** With every field that an attempt may have: as with records, all have one shape. */
function bornAttempt(
  attempt: number,
  { swarmId, region, costPerSlotHour, receipt, reservationId, after }: AttemptPlacement,
  now: number,
): { [K in keyof Required<Attempt>]: Attempt[K] } {
  return {
    attempt,
    swarmId,
    region,
    assignedAt: now,
    startedAt: undefined,
    endedAt: undefined,
    outcome: undefined,
    error: undefined,
    costPerSlotHour,
    cost: undefined,
    usage: undefined,
    receipt,
    refusedBy: undefined,
    late: undefined,
    reservationId,
    after,
  };
}

/** What another placement changes of an attempt. */
function placed({ swarmId, region, costPerSlotHour, receipt, reservationId }: Placement): Partial<Attempt> {
  return { swarmId, region, costPerSlotHour, receipt, reservationId, after: undefined };
}

/** What was told to the swarm before it had accepted, or to the one that it was taken from, is told once more. */
export function accepted(
  before: TaskRecord,
  { placement }: Extract<TaskCommand, { kind: 'accepted' }>,
  now: number,
): Transition {
  const running: TaskRecord = {
    ...before,
    state: 'running',
    since: now,
    startedAt: before.startedAt ?? now,
    refusals: undefined,
    waitingSince: undefined,
  };
  const record = withCurrent(running, { startedAt: now, ...(placement ? placed(placement) : {}) });
  const assignedAt = currentAttempt(record)?.assignedAt ?? now;
  const first = currentAttempt(before);
  const replaced: Effect[] = placement && first ? [{ kind: 'replaced', attempt: first }] : [];
  const news = record.signals?.some(({ at }) => at >= assignedAt) ? tellSignals(record) : [];
  return {
    record,
    events: [{ type: 'task.running' }],
    effects: [...replaced, ...news, ...(record.cancel ? stop(record, record.cancel.reason) : [])],
  };
}

export function refused(
  before: TaskRecord,
  { reason, refusedBy }: Extract<TaskCommand, { kind: 'refused' }>,
  now: number,
  random: Random,
): Transition {
  const refusal = { outcome: 'refused', refusedBy, startedAt: undefined, endedAt: now } as const;
  const { record, giveBack } = close(before, refusal);
  if (record.cancel) return end(record, 'cancelled', now, {}, [giveBack]); // T5
  const refusals = (record.refusals ?? 0) + 1;
  const told = refusedEvent(reason, refusedBy);
  if (refusals > REFUSALS_AT_ONCE) return slower({ ...record, refusals }, told, giveBack, now, random);
  const again = queue({ ...record, refusals }, now, [told]);
  return { ...again, effects: [giveBack, ...again.effects] };
}

/** The reason is that of the last one that was asked. */
function refusedEvent(reason: string, refusedBy: string[] | undefined): EventDraft {
  const swarmId = refusedBy?.at(-1);
  if (!refusedBy || swarmId === undefined) return { type: 'task.refused', data: { reason } };
  return { type: 'task.refused', swarmId, data: { reason, refusedBy } };
}

/** T6. */
function slower(
  record: TaskRecord & { refusals: number },
  told: EventDraft,
  giveBack: Effect,
  now: number,
  random: Random,
): Transition {
  const { refusals } = record;
  const retryAt = now + backoffMs(REFUSAL_BACKOFF, refusals - REFUSALS_AT_ONCE, random);
  return {
    record: { ...record, state: 'backoff', since: now, retryAt },
    events: [{ ...told, data: { ...told.data, retryAt, refusals } }],
    effects: [giveBack],
  };
}
