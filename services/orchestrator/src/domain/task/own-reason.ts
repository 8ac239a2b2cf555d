import type { TaskState, Waiting } from '@multiswarm/contracts';
import { currentAttempt, isLone, type TaskRecord, type Wish } from './record';
import { iso } from './times';

const STEPS_NAMED = 10;

/** A step before another one. */
export interface StepBefore {
  id: string;
  taskId: string;
  state: TaskState;
}

/** What keeps a blocked step back. */
export interface StepBlock {
  /** The ones before it that have not ended. */
  steps: StepBefore[];
  runPaused?: Wish | undefined;
  /** How many steps of its run may be under way, where that is limited. */
  concurrency?: number | undefined;
}

/**
 * Why a task goes nowhere, as far as its record tells: of one in the queue only that it is paused, since the scheduler knows
 * the rest; of a step that is blocked not by which ones, since its run knows that.
 */
export function ownReason(record: TaskRecord): Waiting | undefined {
  switch (record.state) {
    case 'blocked':
      return isLone(record)
        ? because(record, 'not-before', startText(record))
        : blockReason(record, { steps: [] });
    case 'waiting':
      return awaited(record);
    case 'backoff':
      return because(record, 'backoff', nextAttemptText(record));
    case 'queued':
      return pausedReason(record);
    default:
      return undefined;
  }
}

/** Of a blocked step: the ones before it; where all have ended, what its run waits for. */
export function blockReason(record: TaskRecord, { steps, runPaused, concurrency }: StepBlock): Waiting {
  const isFree = steps.length === 0;
  const pause = runPaused && `paused (${runPaused.reason})`;
  if (isFree && pause !== undefined) return because(record, 'run-limit', `its run is ${pause}`);
  if (isFree && concurrency !== undefined)
    return because(record, 'run-limit', `as many steps of its run are under way as may be: ${concurrency}`);
  const note = pause === undefined ? '' : `; its run is ${pause}`;
  return because(record, 'steps', stepsText(steps.map(({ id }) => id)) + note);
}

function stepsText(steps: readonly string[]): string {
  const more = steps.length > STEPS_NAMED ? ` and ${steps.length - STEPS_NAMED} more` : '';
  const named = steps.length === 0 ? '' : `: ${steps.slice(0, STEPS_NAMED).join(', ')}${more}`;
  return `steps before it have not ended${named}`;
}

function because({ since }: TaskRecord, reason: Waiting['reason'], detail: string): Waiting {
  return { reason, since: iso(since), detail, unmet: [] };
}

function awaited(record: TaskRecord): Waiting {
  const { wakesAt, spec } = record;
  switch (spec.control) {
    case 'approval':
      return because(
        record,
        'approval',
        `nobody has approved it yet${limitText(record, 'approval.timeoutMs')}`,
      );
    case 'sleep':
      return because(record, 'sleep', `it waits until ${iso(wakesAt ?? 0)}`);
    case 'workflow':
      return because(record, 'sub-workflow', 'the sub-workflow that it has started has not ended');
    case 'map':
      return because(record, 'items', 'items of the list over which it is mapped have not ended');
    default:
      return because(record, 'signal', signalText(record));
  }
}

function startText({ spec: { notBefore, waitFor } }: TaskRecord): string {
  const then = waitFor ? `; then it waits for the signal "${waitFor.signal}"` : '';
  return `it does not begin before ${notBefore ?? ''} (notBefore)${then}`;
}

type WaitingSince = Pick<TaskRecord, 'since'> & { spec: Pick<TaskRecord['spec'], 'waitFor'> };

function signalText({ since, spec: { waitFor } }: WaitingSince): string {
  return `the signal "${waitFor?.signal ?? ''}" has not come${limitText({ since, spec: { waitFor } }, 'waitFor.timeoutMs')}`;
}

function limitText({ since, spec: { waitFor } }: WaitingSince, field: string): string {
  const timeoutMs = waitFor?.timeoutMs;
  return timeoutMs === undefined ? '' : `; it expires at ${iso(since + timeoutMs)} (${field})`;
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
