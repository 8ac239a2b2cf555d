import type { TaskSpec } from '@multiswarm/contracts';
import type { EventDraft, TaskRecord, Transition } from './record';

/**
 * The way into the queue, which a lone task takes when it is submitted, when its time or its signal has come, and when it
 * is opened again: first `notBefore`, then `waitFor`, then the queue. What it has waited for once it need not wait for again.
 */
export function begin(record: TaskRecord, now: number, events: EventDraft[]): Transition {
  if (isLater(record.spec, now))
    return { record: { ...record, state: 'blocked', since: now }, events, effects: [] };
  const { waitFor } = record.spec;
  if (waitFor && !record.signals?.some(({ name }) => name === waitFor.signal)) {
    const waiting: EventDraft = { type: 'task.waiting', data: { signal: waitFor.signal } };
    return {
      record: { ...record, state: 'waiting', since: now },
      events: [...events, waiting],
      effects: [],
    };
  }
  return queue(record, now, events);
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
  const waitingSince = record.waitingSince ?? now;
  return {
    record: { ...record, state: 'queued', since: now, waitingSince, retryAt: undefined },
    events: [...events, { type: 'task.queued' }],
    effects: record.paused ? [] : [{ kind: 'enqueue' }],
  };
}
