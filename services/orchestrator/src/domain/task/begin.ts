import type { TaskSpec } from '@multiswarm/contracts';
import type { EventDraft, TaskRecord, Transition } from './record';

/**
 * The way into the queue, which a lone task takes when it is submitted, when its time or its signal has come, and when it
 * is opened again: first `notBefore`, then `waitFor`, then the queue. What it has waited for once it need not wait for again.
 */
export function begin(record: TaskRecord, now: number, events: EventDraft[]): Transition {
  return beginOwn({ ...record }, now, events);
}

/** As `begin`, of a record that nobody else has seen yet: it is not copied once more. Every new task begins so. */
export function beginOwn(record: TaskRecord, now: number, events: EventDraft[]): Transition {
  record.since = now;
  if (isLater(record.spec, now)) {
    record.state = 'blocked';
    return { record, events, effects: [] };
  }
  const { waitFor } = record.spec;
  if (waitFor && !record.signals?.some(({ name }) => name === waitFor.signal)) {
    record.state = 'waiting';
    if (record.spec.control) record.startedAt = now;
    events.push({ type: 'task.waiting', data: { signal: waitFor.signal } });
    return { record, events, effects: [] };
  }
  return queueOwn(record, now, events);
}

/** Whether a task that is submitted now is not queued at once. */
export function waitsAtBirth(spec: TaskSpec, now: number): boolean {
  return spec.waitFor !== undefined || isLater(spec, now);
}

function isLater({ notBefore }: TaskSpec, now: number): boolean {
  return notBefore !== undefined && Date.parse(notBefore) > now;
}

/** Into the queue. While it is paused (T7) the scheduler does not learn of it. */
export function queue(record: TaskRecord, now: number, events: EventDraft[]): Transition {
  return queueOwn({ ...record }, now, events);
}

function queueOwn(record: TaskRecord, now: number, events: EventDraft[]): Transition {
  record.state = 'queued';
  record.since = now;
  record.waitingSince ??= now;
  record.retryAt = undefined;
  events.push({ type: 'task.queued' });
  return { record, events, effects: record.paused ? [] : [{ kind: 'enqueue' }] };
}
