import type { Event, TaskState } from '@multiswarm/contracts';
import { becauseOf } from './receipt';
import { firstEvents, type Attempt, type EventDraft, type TaskRecord } from './record';

/**
 * The events that a record tells, so that nobody has to keep them: for most tasks all of them. To keep a list of events for
 * every task costs Redis more than the task itself (measured).
 *
 * An ordinary life is that of a lone task that is queued at once, assigned, runs and succeeds with its first attempt, and of
 * which nothing else has become known.
 *
 * H1. The record of an ordinary life tells all its events, as they were published.
 * H2. A life that is not ordinary when it begins, or stops being so, is kept from then on, with what its record has told
 *     until then beside the first events (`historyKept`), and is never ordinary again.
 */

/** How many events an ordinary life has in these states. With any other event it has more; a step has none of its own. */
const ORDINARY: Partial<Record<TaskState, number>> = { queued: 2, assigned: 3, running: 4, succeeded: 5 };

/** Whether the record tells all events of the task (H1). */
export function isOrdinary(record: TaskRecord): boolean {
  return record.historyKept === undefined && record.events === ORDINARY[record.state];
}

/** Whether what has become of an ordinary life is one still, and its record tells what it has told before. */
export function staysOrdinary(before: TaskRecord, record: TaskRecord): boolean {
  if (!isOrdinary(record)) return false;
  if (before.state === 'queued') return true;
  const [was, is] = [before.attempts[0], record.attempts[0]];
  if (!was || !is || wentElsewhere(was, is)) return false;
  return before.state === 'assigned' || runningSince(record, is) === before.since;
}

/** The region has sent it to another swarm than the one of which `task.assigned` speaks. */
function wentElsewhere(was: Attempt, is: Attempt): boolean {
  const same = was.swarmId === is.swarmId && was.region === is.region;
  return !same || was.receipt !== is.receipt || was.after !== is.after;
}

/** @returns of a life that is kept, or is not that of a lone task that was queued at once: `firstEvents` */
export function toldEvents(record: TaskRecord): Event[] {
  const events = firstEvents(record);
  if (isOrdinary(record)) events.push(...laterEvents(record));
  return events;
}

/** Of an ordinary life, behind the first events. */
export function laterEvents(record: TaskRecord): Event[] {
  const [attempt] = record.attempts;
  if (!attempt) return [];
  const { id, spec, events, endedAt = 0 } = record;
  const at = (seq: number, ms: number, draft: EventDraft): Event => ({
    v: 1,
    seq,
    at: ms,
    ...draft,
    ...{ root: id, namespace: spec.namespace, taskId: id },
    ...{ attempt: attempt.attempt, swarmId: attempt.swarmId, region: attempt.region },
  });
  const because = becauseOf(attempt);
  return [
    at(3, attempt.assignedAt, { type: 'task.assigned', data: { because } }),
    at(4, runningSince(record, attempt), { type: 'task.running' }),
    at(5, endedAt, { type: 'task.succeeded', data: {} }),
  ].slice(0, events - 2);
}

/**
 * When it became known that the attempt runs. Where the report of its end was the first to tell, the task's start is the
 * attempt's own, by the clock of its swarm.
 */
export function runningSince({ startedAt = 0, endedAt }: TaskRecord, attempt: Attempt): number {
  return endedAt !== undefined && attempt.startedAt === startedAt ? endedAt : startedAt;
}
