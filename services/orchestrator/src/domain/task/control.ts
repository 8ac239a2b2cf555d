import { isTerminal, LIMITS, type Signal } from '@multiswarm/contracts';
import { said, type Asked } from './asked';
import { stop, tellSignals } from './attempt';
import { answered } from './awaiting';
import { begin, queue } from './begin';
import { end, prepend } from './ending';
import {
  isHeld,
  isPlaceable,
  type EventDraft,
  type TaskRecord,
  type Transition,
  type WishedFor,
} from './record';
import { whyNot } from './why-not';

/** What people ask of a task. */

/** Ends what no swarm has at once; a swarm is told to stop, and has its time to do so. */
export function cancel(
  before: TaskRecord,
  { reason, requestedBy }: WishedFor,
  now: number,
): Transition | undefined {
  if (before.cancel) return undefined;
  const record = { ...before, cancel: { at: now, reason, requestedBy } };
  const asked: EventDraft = { type: 'task.cancel-requested', data: said({ requestedBy, reason }) };
  if (isHeld(record)) return { record, events: [asked], effects: stop(record, reason) };
  return prepend([asked], end(record, 'cancelled', now, {}));
}

export function pause(
  record: TaskRecord,
  { reason, requestedBy }: WishedFor,
  now: number,
): Transition | undefined {
  if (record.paused || record.cancel) return undefined;
  return {
    record: { ...record, paused: { at: now, reason, requestedBy } },
    events: [{ type: 'task.paused', data: said({ requestedBy, reason }) }],
    effects: isPlaceable(record) ? [{ kind: 'dequeue' }] : [],
  };
}

export function resume(before: TaskRecord, asked: Asked, now: number): Transition | undefined {
  const { paused } = before;
  if (!paused) return undefined;
  const record: TaskRecord = { ...before, paused: undefined };
  if (record.waitingSince !== undefined)
    record.waitingSince += Math.max(0, now - Math.max(paused.at, record.waitingSince));
  return {
    record,
    events: [told('task.resumed', asked)],
    effects: isPlaceable(record) ? [{ kind: 'enqueue' }] : [],
  };
}

export function signal(before: TaskRecord, given: Signal, now: number): Transition {
  const awaited = before.spec.waitFor?.signal;
  const record = { ...before, signals: kept([...(before.signals ?? []), given], awaited) };
  const told: EventDraft = { type: 'task.signalled', data: { name: given.name } };
  if (record.state === 'waiting' && given.name === awaited)
    return record.spec.control ? answered(record, now, [told]) : queue(record, now, [told]);
  return { record, events: [told], effects: isHeld(record) ? tellSignals(record) : [] };
}

/** T9: the oldest goes first, but never the last one of the name that the task waits for. */
function kept(signals: Signal[], awaited: string | undefined): Signal[] {
  if (signals.length <= LIMITS.TASK_SIGNALS) return signals;
  const needed = signals.findLastIndex(({ name }) => name === awaited);
  return signals.toSpliced(needed === 0 ? 1 : 0, 1);
}

/** Another try at once, where the next one would come later; of a lone task that has ended, from the beginning. */
export function retry(record: TaskRecord, asked: Asked, now: number): Transition | undefined {
  if (whyNot(record, { kind: 'retry' }, now) !== undefined) return undefined;
  const events = [told('task.retried', asked)];
  return isTerminal(record.state)
    ? reopen(record, now, events)
    : queue({ ...record, retriedAt: now }, now, events);
}

function told(type: EventDraft['type'], { requestedBy }: Asked): EventDraft {
  return requestedBy === undefined ? { type } : { type, data: said({ requestedBy }) };
}

/** What has ended is active again, with a fresh budget of failures and losses; attempt numbers go on. */
export function reopen(record: TaskRecord, now: number, events: EventDraft[]): Transition {
  const anew = {
    refusals: undefined,
    lossesInARow: undefined,
    cancel: undefined,
    endedAt: undefined,
    purgedAt: undefined,
    output: undefined,
    outputRef: undefined,
    error: undefined,
  };
  const next = begin({ ...record, ...anew, failures: 0, losses: 0, retriedAt: now }, now, events);
  return { ...next, effects: [{ kind: 'reopened' }, ...next.effects] };
}
