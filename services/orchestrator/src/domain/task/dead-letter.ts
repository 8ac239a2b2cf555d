import { isTerminal, type DeadLetterResult, type DeadState, type ErrorCode } from '@multiswarm/contracts';
import { said } from './asked';
import { reopen } from './control';
import { isLone, type DeadLetterCommand, type EventDraft, type TaskRecord, type Transition } from './record';
import { whyNot } from './why-not';

/**
 * Dead letters: what failed for good.
 *
 * D1. A lone task is a dead letter exactly while it is `failed` or `expired` and nobody has purged it: the record alone tells.
 * D2. A redrive is a retry by a person, of one or of many: it is told as that (`task.retried`).
 * D3. A purge takes a task off the list and changes nothing else of it: its record, its history and its idempotency key stay
 *     until their retention has passed.
 */
export function isDeadLetter(record: TaskRecord): boolean {
  return isDead(record.state) && record.purgedAt === undefined && isLone(record);
}

export function isDead(state: string): state is DeadState {
  return state === 'failed' || state === 'expired';
}

/** What a command comes to. `refused`: why, and what to do instead. */
export type Verdict =
  { outcome: 'applies' } | { outcome: 'unchanged' } | { outcome: 'refused'; because: string };

const APPLIES: Verdict = { outcome: 'applies' };
const UNCHANGED: Verdict = { outcome: 'unchanged' };

/** What a command to a dead letter would come to now. A repetition of one that was done changes nothing, and is not refused. */
export function verdict(record: TaskRecord, command: DeadLetterCommand, now: number): Verdict {
  return command.kind === 'redrive' ? redriveVerdict(record, command.key, now) : purgeVerdict(record);
}

function redriveVerdict(record: TaskRecord, key: string, now: number): Verdict {
  const { state, purgedAt } = record;
  if (record.redriveKey === key || !isTerminal(state) || state === 'succeeded') return UNCHANGED;
  if (isDeadLetter(record)) {
    const because = whyNot(record, { kind: 'retry' }, now);
    return because === undefined ? APPLIES : { outcome: 'refused', because };
  }
  if (isDead(state) && purgedAt !== undefined)
    return { outcome: 'refused', because: 'it was purged: retry it as a task' };
  return { outcome: 'refused', because: `it is no dead letter: ${whyNoLetter(record)}` };
}

function purgeVerdict(record: TaskRecord): Verdict {
  if (isDeadLetter(record)) return APPLIES;
  if (record.purgedAt !== undefined) return UNCHANGED;
  return { outcome: 'refused', because: `it is no dead letter: ${whyNoLetter(record)}` };
}

/** What a command comes to, as it is answered. `state` is that before it. @param record undefined where there is no such task */
export function deadLetterResult(
  id: string,
  record: TaskRecord | undefined,
  command: DeadLetterCommand,
  now: number,
): DeadLetterResult {
  if (!record)
    return refusedResult(id, 'task-not-found', `there is no task "${id}" (or its retention has passed)`);
  const { state } = record;
  const judged = verdict(record, command, now);
  if (judged.outcome === 'refused') return { ...refusedResult(id, 'wrong-state', judged.because), state };
  const isDone = judged.outcome === 'applies' || wasDoneBefore(record, command);
  return { id, outcome: isDone ? DONE[command.kind] : 'unchanged', state };
}

const DONE = { redrive: 'redriven', purge: 'purged' } as const;

/** Whether it was this very request that left nothing to do: a repetition is answered like the first time. */
function wasDoneBefore(record: TaskRecord, command: DeadLetterCommand): boolean {
  return command.kind === 'redrive' ? record.redriveKey === command.key : command.again === true;
}

export function refusedResult(id: string, code: ErrorCode, detail: string): DeadLetterResult {
  return { id, outcome: 'refused', error: { code, detail } };
}

/** Why a task is not on the list. */
export function whyNoLetter({ spec, state, purgedAt }: TaskRecord): string {
  if (spec.workflowId !== undefined) return `it is a step of ${spec.workflowId}`;
  if (purgedAt !== undefined) return 'it was purged';
  return isTerminal(state) ? `it has ended as ${state}` : `it is ${state}`;
}

/** D2. */
export function redrive(
  record: TaskRecord,
  command: Extract<DeadLetterCommand, { kind: 'redrive' }>,
  now: number,
): Transition | undefined {
  if (verdict(record, command, now).outcome !== 'applies') return undefined;
  const told: EventDraft = { type: 'task.retried', data: { redrive: true, ...said(command.asked) } };
  return reopen({ ...record, redriveKey: command.key }, now, [told]);
}

/** D3. */
export function purge(
  record: TaskRecord,
  command: Extract<DeadLetterCommand, { kind: 'purge' }>,
  now: number,
): Transition | undefined {
  if (verdict(record, command, now).outcome !== 'applies') return undefined;
  return {
    record: { ...record, purgedAt: now },
    events: [{ type: 'task.purged', data: said(command.asked) }],
    effects: [],
  };
}
