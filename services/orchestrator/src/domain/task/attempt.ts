import type { Progress, TaskError, Usage } from '@multiswarm/contracts';
import {
  currentAttempt,
  type Attempt,
  type Effect,
  type Outcome,
  type TaskRecord,
  type Transition,
} from './record';

interface Close {
  outcome: Outcome;
  /** Undefined where it never ran: it costs nothing then. */
  startedAt: number | undefined;
  endedAt: number;
  error?: TaskError | undefined;
  usage?: Usage | undefined;
  refusedBy?: string[] | undefined;
}

/**
 * T4: ends the current attempt.
 * @returns the record, which nobody else has seen yet, with the ended attempt and its cost and usage in the sums, and the effect that gives its slot back
 */
export function close(
  record: TaskRecord,
  { outcome, startedAt, endedAt, error, usage, refusedBy }: Close,
): { record: TaskRecord; giveBack: Effect } {
  const current = currentAttempt(record);
  if (!current || current.outcome !== undefined)
    throw new Error(`invariant T4: task ${record.id} holds no attempt to close`);
  const durationMs = Math.max(0, endedAt - (startedAt ?? endedAt));
  const cost = (current.costPerSlotHour * durationMs) / 3_600_000;
  const attempt: Attempt = { ...current, startedAt, endedAt, outcome, cost, error, usage, refusedBy };
  const closed: TaskRecord = { ...record };
  closed.attempts = record.attempts.with(-1, attempt);
  closed.cost += cost;
  closed.usage = addUsage(record.usage, usage);
  return { record: closed, giveBack: { kind: 'give-back', attempt, outcome, durationMs } };
}

/** The record with its current attempt changed. */
export function withCurrent(record: TaskRecord, change: Partial<Attempt>): TaskRecord {
  const current = currentAttempt(record);
  return current ? { ...record, attempts: record.attempts.with(-1, { ...current, ...change }) } : record;
}

/** Tells the swarm that holds the current attempt to stop; none where nobody holds it. */
export function stop(record: TaskRecord, reason: string): Effect[] {
  const attempt = currentAttempt(record);
  if (!attempt || attempt.outcome !== undefined) return [];
  const { swarmId, region } = attempt;
  return [{ kind: 'cancel-attempt', attempt: attempt.attempt, swarmId, region, reason }];
}

/** Hands the swarm that holds the current attempt the signals of the task. */
export function tellSignals(record: TaskRecord): Effect[] {
  const attempt = currentAttempt(record);
  if (!attempt) return [];
  const { swarmId, region } = attempt;
  return [{ kind: 'signal-attempt', attempt: attempt.attempt, swarmId, region }];
}

/** How far the current attempt is. Told twice, or overtaken on its way, it changes nothing. */
export function progressed(record: TaskRecord, progress: Progress): Transition | undefined {
  if (record.progress && record.progress.at >= progress.at) return undefined;
  const { fraction, message } = progress;
  const data = {
    ...(fraction === undefined ? {} : { fraction }),
    ...(message === undefined ? {} : { message }),
  };
  return { record: { ...record, progress }, events: [{ type: 'task.progress', data }], effects: [] };
}

export function addUsage(total: Usage, more: Usage | undefined): Usage {
  if (!more) return total;
  const sum = (a?: number, b?: number): number => (a ?? 0) + (b ?? 0);
  return {
    inputTokens: sum(total.inputTokens, more.inputTokens),
    outputTokens: sum(total.outputTokens, more.outputTokens),
  };
}
