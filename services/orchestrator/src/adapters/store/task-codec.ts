import type { RetryPolicy, TaskSpec } from '@multiswarm/contracts';
import { bornTask, type Attempt, type TaskRecord } from '../../domain/task/record';

/**
 * Tasks as they are stored: JSON that leaves out what is as it is for most tasks.
 *
 * C1. Decoding what was encoded gives the same record, whatever fields it has: only those that are named here are left
 *     out, all others pass through.
 *     The reservation of an attempt that has ended is left out too: it means nothing to anybody any more.
 * C2. The values that are left out belong to the format and never change, also when the defaults of a submission do:
 *     a stored task must not change its meaning with a new version.
 */
const COMMON = { priority: 'normal', namespace: 'default' } as const;
const COMMON_RETRY: Readonly<Record<string, unknown>> = {
  maxAttempts: 3,
  initialMs: 1_000,
  factor: 2,
  maxMs: 60_000,
  jitter: 0.2,
};
const WHOLE_RETRY = { ...COMMON_RETRY, nonRetryableCodes: [] };
const COMMON_STATE = 'queued';

type Stored<T> = { [K in keyof T]?: T[K] | undefined };
type State = Omit<TaskRecord, 'id' | 'spec'>;
type StoredSpec = Omit<Stored<TaskSpec>, 'retry'> & { retry?: Stored<RetryPolicy> };
/** `waitingSince: null`: there is none, though the task is queued. */
type StoredAttempt = Stored<Attempt>;
type StoredState = Omit<Stored<State>, 'waitingSince' | 'attempts'> & {
  waitingSince?: number | null;
  attempts?: StoredAttempt[];
};

/** A new task: all of it. */
export function encodeSpec(record: TaskRecord): string {
  return `{"spec":{${storedSpec(record.spec)}},${storedState(record)}}`;
}

/** What changes of a task, as it is now. */
export function encodeState(record: TaskRecord): string {
  return `{${storedState(record)}}`;
}

/** @param state null where nothing has changed since the task was made */
export function decodeTask(
  id: string,
  spec: string | null | undefined,
  state: string | null | undefined,
): TaskRecord | undefined {
  if (!spec) return undefined;
  // What is stored was written by us, hence the casts.
  const { spec: stored, ...first } = JSON.parse(spec) as { spec: StoredSpec } & StoredState;
  const whole = wholeSpec(stored);
  return wholeRecord(id, whole, state ? (JSON.parse(state) as StoredState) : first);
}

/** What tells a repeated submission from a conflicting one, in a stored specification. */
export function bodyHashIn(spec: string): string {
  return (JSON.parse(spec) as { spec: StoredSpec }).spec.bodyHash ?? '';
}

// Both are printed field by field, as the fields of an object without its braces: to make an object of those that are
// stored, and to print that, takes three times as long (measured).
function storedSpec(spec: TaskSpec): string {
  let text = '';
  let name: keyof TaskSpec;
  for (name in spec) {
    if (isCommonInSpec(spec, name)) continue;
    text += field(text, name, name === 'retry' ? storedRetry(spec.retry) : spec[name]);
  }
  return text;
}

/** One field of an object, with the comma that parts it from those before it. */
function field(before: string, name: string, value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return before === '' ? `"${name}":${text}` : headOf(name) + text;
}

const heads = new Map<string, string>();

/** Made once for each of the names that records have. */
function headOf(name: string): string {
  let head = heads.get(name);
  if (head === undefined) {
    head = `,"${name}":`;
    heads.set(name, head);
  }
  return head;
}

function isCommonInSpec(spec: TaskSpec, name: keyof TaskSpec): boolean {
  switch (name) {
    case 'priority':
    case 'namespace':
      return spec[name] === COMMON[name];
    case 'input':
    case 'requirements':
    case 'timeouts':
    case 'metadata':
      return isEmpty(spec[name]);
    default:
      return false;
  }
}

/** In place: what was parsed has the shape of all that is parsed like it, a copy by spreading has none (several times as slow to read). */
function wholeSpec(stored: StoredSpec): TaskSpec {
  if (stored.input === undefined) stored.input = {}; // null is an input
  stored.priority ??= COMMON.priority;
  stored.namespace ??= COMMON.namespace;
  stored.requirements ??= {};
  stored.timeouts ??= {};
  stored.metadata ??= {};
  stored.retry = stored.retry === undefined ? WHOLE_RETRY : { ...WHOLE_RETRY, ...stored.retry };
  return stored as TaskSpec;
}

/** What differs from the common policy. */
function storedRetry(retry: RetryPolicy): Stored<RetryPolicy> | undefined {
  let stored: Record<string, unknown> | undefined;
  let name: keyof RetryPolicy;
  for (name in retry) {
    if (retry[name] === COMMON_RETRY[name]) continue;
    if (name === 'nonRetryableCodes' && retry.nonRetryableCodes.length === 0) continue;
    (stored ??= {})[name] = retry[name];
  }
  return stored;
}

function storedState(record: TaskRecord): string {
  let text = '';
  let name: keyof TaskRecord;
  for (name in record)
    if (name === 'attempts') text += storedAttempts(text, record.attempts);
    else if (!isCommonInState(record, name)) text += field(text, name, record[name]);
  if (record.state === COMMON_STATE && record.waitingSince === undefined)
    text += field(text, 'waitingSince', null);
  return text;
}

function storedAttempts(before: string, attempts: readonly Attempt[]): string {
  if (attempts.length === 0) return '';
  let list = '';
  for (const attempt of attempts) list += `${list === '' ? '{' : ',{'}${storedAttempt(attempt)}}`;
  return before === '' ? `"attempts":[${list}]` : `,"attempts":[${list}]`;
}

function storedAttempt(attempt: Attempt): string {
  const hasEnded = attempt.outcome !== undefined;
  let text = '';
  let name: keyof Attempt;
  for (name in attempt)
    if (isName(name)) {
      const value = attempt[name];
      if (value === undefined || (name === 'reservationId' && hasEnded)) continue;
      text += text === '' ? `"${name}":"${value}"` : `${headOf(name)}"${value}"`;
    } else if (name === 'costPerSlotHour' || (name === 'cost' && hasEnded)) {
      if (attempt[name] !== 0) text += field(text, name, attempt[name]);
    } else text += field(text, name, attempt[name]);
  return text;
}

/** Names and ids, whose characters need no escaping. */
function isName(name: keyof Attempt): name is 'swarmId' | 'region' | 'outcome' | 'reservationId' | 'after' {
  return (
    name === 'swarmId' ||
    name === 'region' ||
    name === 'outcome' ||
    name === 'reservationId' ||
    name === 'after'
  );
}

/** In place, as with specifications. */
function wholeAttempt(stored: StoredAttempt): Attempt {
  stored.costPerSlotHour ??= 0;
  if (stored.outcome !== undefined) stored.cost ??= 0;
  return stored as Attempt;
}

function isCommonInState(record: TaskRecord, name: keyof TaskRecord): boolean {
  switch (name) {
    case 'id': // the key under which it is stored
    case 'spec': // stored by itself, once
      return true;
    case 'state':
      return record.state === COMMON_STATE;
    case 'since':
      return record.since === record.createdAt;
    case 'createdAt':
      return record.createdAt === bornAt(record.order);
    case 'waitingSince':
      return record.state === COMMON_STATE && record.waitingSince === record.since;
    case 'events':
      return record.events === firstEvents(record.spec);
    case 'attempt':
    case 'failures':
    case 'losses':
    case 'cost':
      return record[name] === 0;
    case 'usage':
      return isEmpty(record.usage);
    default:
      return false;
  }
}

function wholeRecord(id: string, spec: TaskSpec, stored: StoredState): TaskRecord {
  const { order = 0, createdAt = bornAt(order), since = createdAt, state = COMMON_STATE } = stored;
  const { waitingSince = state === COMMON_STATE ? since : undefined } = stored;
  const common = { state, since, events: firstEvents(spec) };
  const record = Object.assign(bornTask(id, spec, order, createdAt), common, stored);
  const attempts = (stored.attempts ?? []).map(wholeAttempt);
  return Object.assign(record, { waitingSince: waitingSince ?? undefined, attempts });
}

/** The order of a task begins with the time of its submission, in ms, and three digits. */
function bornAt(order: number): number {
  return Math.floor(order / 1_000);
}

/** A lone task that is queued at once has had two events; those of a step are counted by its run. */
function firstEvents(spec: TaskSpec): number {
  return spec.workflowId === undefined ? 2 : 0;
}

/** `{}`, and nothing else: an empty list is another input. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const _name in value) return false;
  return true;
}
