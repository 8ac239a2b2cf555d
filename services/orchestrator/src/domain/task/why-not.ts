import { isTerminal } from '@multiswarm/contracts';
import { deadlineOf } from './due';
import { isLone, type TaskCommand, type TaskRecord } from './record';

/**
 * Why a command of a person cannot be done to the task as it is, and what to do instead: for the error `wrong-state`.
 * @returns undefined where it can be done, or where there is nothing left to do: a second pause, a cancellation of what has ended
 */
export function whyNot(record: TaskRecord, { kind }: TaskCommand, now: number): string | undefined {
  switch (kind) {
    case 'pause':
      return record.cancel && !isTerminal(record.state) ? 'it is being cancelled' : ended(record);
    case 'resume':
      return ended(record);
    case 'signal':
      return ended(record) ?? whyNotSignalled(record);
    case 'retry':
      return isTerminal(record.state) ? whyNotReopened(record, now) : whyNotHurried(record);
    default:
      return undefined;
  }
}

/** Whether a command that is told once more, because the answer to it got lost, has been done the first time. */
export function isDone({ state, signals, retriedAt }: TaskRecord, command: TaskCommand): boolean {
  if (command.kind === 'signal') {
    const { name, at } = command.signal;
    return signals?.some((signal) => signal.name === name && signal.at === at) ?? false;
  }
  return command.kind === 'retry' && retriedAt !== undefined && !isTerminal(state);
}

function ended({ state }: TaskRecord): string | undefined {
  return isTerminal(state)
    ? `it has ended as ${state}: rerun it to get a copy that runs once more`
    : undefined;
}

/** Only its run knows who may answer. */
function whyNotSignalled({ spec }: TaskRecord): string | undefined {
  if (spec.control !== 'approval') return undefined;
  return `it waits for an approval: approve the step "${spec.step ?? ''}" of ${spec.workflowId ?? ''}`;
}

function whyNotReopened(record: TaskRecord, now: number): string | undefined {
  const { state, spec } = record;
  if (!isLone(record))
    return `it is a step of ${spec.workflowId ?? ''}, which goes on without it: rerun the workflow from this step`;
  if (state === 'succeeded') return 'it has succeeded: rerun it to get a copy that runs once more';
  if (state === 'skipped') return 'it has been skipped';
  if ((deadlineOf(record) ?? Infinity) <= now)
    return `its deadline ${spec.timeouts.deadline ?? ''} has passed: submit it anew with a later one`;
  return undefined;
}

function whyNotHurried(record: TaskRecord): string | undefined {
  const { state, spec } = record;
  if (record.cancel) return 'it is being cancelled: retry it when it has ended';
  if (record.paused) return 'it is paused: resume it';
  switch (state) {
    case 'backoff':
      return undefined;
    case 'blocked':
      return isLone(record) ? `it waits until ${spec.notBefore ?? ''}` : 'it waits for the steps before it';
    case 'waiting':
      return `it waits for the signal "${spec.waitFor?.signal ?? ''}": send that`;
    case 'queued':
      return 'it is in the queue already';
    default:
      return `its attempt ${record.attempt} is under way: wait for its end, or cancel it`;
  }
}
