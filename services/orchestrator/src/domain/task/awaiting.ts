import type { EventDraft } from './record';
import { addUsage } from './attempt';
import { begin } from './begin';
import { end, prepend } from './ending';
import { isLone, type TaskCommand, type TaskRecord, type Transition } from './record';

/** Steps that no swarm runs: they wait for their run, for a time, for a signal or for somebody's word. */

/** Whether it waits for what no swarm brings. */
export function isAwaiting(record: TaskRecord): boolean {
  return record.state === 'waiting' && !isLone(record) && record.spec.control !== undefined;
}

/** What a step depends on has ended: it goes into the queue, or begins to wait, unless it has its answer already. */
export function unblock(record: TaskRecord, now: number): Transition {
  const { waitFor, control } = record.spec;
  const isAnswered = control !== undefined && record.signals?.some(({ name }) => name === waitFor?.signal);
  return isAnswered === true ? answered({ ...record, startedAt: now }, now, []) : begin(record, now, []);
}

export function awaitRun(
  before: TaskRecord,
  { wakesAt }: Extract<TaskCommand, { kind: 'await' }>,
  now: number,
): Transition {
  const record: TaskRecord = { ...before, state: 'waiting', since: now, startedAt: now, wakesAt };
  const data: EventDraft['data'] = { for: record.spec.control ?? '' };
  if (wakesAt !== undefined) data['until'] = wakesAt;
  return { record, events: [{ type: 'task.waiting', data }], effects: [] };
}

export function fulfil(
  record: TaskRecord,
  { output, outputRef, keptFrom }: Extract<TaskCommand, { kind: 'fulfil' }>,
  now: number,
): Transition {
  const result = outputRef === undefined ? { output } : { output: null, outputRef };
  const next = end(record, 'succeeded', now, result);
  const [told] = next.events;
  if (told && keptFrom !== undefined) told.data = { keptFrom };
  return next;
}

export function spent(
  record: TaskRecord,
  { cost, usage }: Extract<TaskCommand, { kind: 'spent' }>,
): Transition {
  const told = { ...record, cost: record.cost + cost, usage: addUsage(record.usage, usage) };
  return { record: told, events: [], effects: [] };
}

/** The signal for which a step waits that is nothing but that wait: what it says decides how the step ends. */
export function answered(record: TaskRecord, now: number, events: EventDraft[]): Transition {
  const { waitFor, control } = record.spec;
  const payload = record.signals?.findLast(({ name }) => name === waitFor?.signal)?.payload ?? null;
  if (control !== 'approval' || isApproved(payload))
    return prepend(events, end(record, 'succeeded', now, { output: payload }));
  const error = { code: 'rejected', message: rejection(payload), retryable: false };
  return prepend(events, end(record, 'failed', now, { error, output: payload }));
}

function isApproved(payload: unknown): boolean {
  return (
    typeof payload === 'object' && payload !== null && 'approved' in payload && payload.approved === true
  );
}

function rejection(payload: unknown): string {
  const { by, note } = (typeof payload === 'object' && payload !== null ? payload : {}) as {
    by?: unknown;
    note?: unknown;
  };
  const who = typeof by === 'string' ? ` by ${by}` : '';
  return `the approval was refused${who}${typeof note === 'string' ? `: ${note}` : ''}`;
}
