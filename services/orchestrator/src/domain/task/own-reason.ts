import type { Waiting } from '@multiswarm/contracts';
import { currentAttempt, isLone, type TaskRecord } from './record';
import { iso } from './times';

const STEPS_NAMED = 10;

/**
 * Why a task goes nowhere, as far as its record tells: of one in the queue only that it is paused, since the scheduler knows
 * the rest; of a step that is blocked not by which ones, since its run knows that.
 */
export function ownReason(record: TaskRecord): Waiting | undefined {
  switch (record.state) {
    case 'blocked':
      return isLone(record) ? because(record, 'not-before', startText(record)) : stepsReason(record, []);
    case 'waiting':
      return because(record, 'signal', signalText(record));
    case 'backoff':
      return because(record, 'backoff', nextAttemptText(record));
    case 'queued':
      return pausedReason(record);
    default:
      return undefined;
  }
}

/** @param steps the ones before it that have not ended */
export function stepsReason(record: TaskRecord, steps: readonly string[]): Waiting {
  const more = steps.length > STEPS_NAMED ? ` and ${steps.length - STEPS_NAMED} more` : '';
  const named = steps.length === 0 ? '' : `: ${steps.slice(0, STEPS_NAMED).join(', ')}${more}`;
  return because(record, 'steps', `steps before it have not ended${named}`);
}

function because({ since }: TaskRecord, reason: Waiting['reason'], detail: string): Waiting {
  return { reason, since: iso(since), detail, unmet: [] };
}

function startText({ spec: { notBefore, waitFor } }: TaskRecord): string {
  const then = waitFor ? `; then it waits for the signal "${waitFor.signal}"` : '';
  return `it does not begin before ${notBefore ?? ''} (notBefore)${then}`;
}

function signalText({ since, spec: { waitFor } }: TaskRecord): string {
  const { signal, timeoutMs } = waitFor ?? { signal: '' };
  const limit =
    timeoutMs === undefined ? '' : `; it expires at ${iso(since + timeoutMs)} (waitFor.timeoutMs)`;
  return `the signal "${signal}" has not come${limit}`;
}

function nextAttemptText(record: TaskRecord): string {
  return `the next attempt begins at ${iso(record.retryAt ?? 0)}; ${whatWasBefore(record)}`;
}

function whatWasBefore(record: TaskRecord): string {
  const { refusals = 0, lastError } = record;
  switch (currentAttempt(record)?.outcome) {
    case 'refused':
      return `swarms have refused it ${refusals} times`;
    case 'lost':
      return lastError?.message ?? '';
    default:
      return `the last one ended with ${lastError?.code ?? ''}`;
  }
}

/** The scheduler does not know of a paused task, so its owner's record tells why it waits. */
function pausedReason({ paused }: TaskRecord): Waiting | undefined {
  if (!paused) return undefined;
  const detail = `paused: ${paused.reason}`;
  return { reason: 'paused', since: iso(paused.at), detail, unmet: [] };
}
