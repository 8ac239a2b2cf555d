import type { TaskState, Why } from '@multiswarm/contracts';
import { currentAttempt, type TaskRecord } from '../task/record';
import { iso } from '../task/times';

type End = Extract<TaskState, 'succeeded' | 'failed' | 'cancelled' | 'expired' | 'skipped'>;

/** Why a task has ended as it has. */
export function endedWhy(record: TaskRecord): Why {
  const { state, since, error, cancel } = record;
  const requestedBy = state === 'cancelled' ? cancel?.requestedBy : undefined;
  return {
    reason: state as End, // only of those that have ended
    since: iso(since),
    detail: endText(record),
    ...(requestedBy === undefined ? {} : { requestedBy }),
    unmet: [],
    ...(error ? { error } : {}),
  };
}

function endText(record: TaskRecord): string {
  const { state, attempt, error, cancel, attempts } = record;
  const where = whereText(record);
  switch (state) {
    case 'succeeded':
      return `attempt ${attempt} succeeded${where}${cancel ? ', before the cancel reached it' : ''}`;
    case 'skipped':
      return error?.message ?? 'a step before it did not succeed';
    case 'failed':
      return attempts.length === 0
        ? (error?.message ?? 'it failed')
        : `attempt ${attempt} came to nothing${where}, and no other follows: ${whyNoOther(record)}`;
    default:
      return error?.message ?? state;
  }
}

function whereText(record: TaskRecord): string {
  const { swarmId, region } = currentAttempt(record) ?? {};
  return swarmId === undefined ? '' : ` on ${swarmId} (${region ?? ''})`;
}

function whyNoOther({ failures, losses, spec: { retry }, error, attempts }: TaskRecord): string {
  if (attempts.at(-1)?.outcome === 'lost') return `${losses} attempts were lost with their swarms`;
  if (error?.retryable === false && failures < retry.maxAttempts)
    return `its error (${error.code}) is not to be retried`;
  return `${failures} of ${retry.maxAttempts} attempts have failed`;
}
