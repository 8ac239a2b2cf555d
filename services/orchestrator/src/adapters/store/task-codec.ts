import type { RetryPolicy, TaskSpec } from '@multiswarm/contracts';
import type { TaskRecord } from '../../domain/task/record';

/**
 * Tasks as they are stored: JSON that leaves out what is as it is for most tasks.
 *
 * C1. Decoding what was encoded gives the same record, whatever fields it has: only those that are named here are left
 *     out, all others pass through.
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
const COMMON_STATE = 'queued';

type Stored<T> = { [K in keyof T]?: T[K] | undefined };
type State = Omit<TaskRecord, 'id' | 'spec'>;
type StoredSpec = Omit<Stored<TaskSpec>, 'retry'> & { retry?: Stored<RetryPolicy> | undefined };
/** `waitingSince: null`: there is none, though the task is queued. */
type StoredState = Omit<Stored<State>, 'waitingSince'> & { waitingSince?: number | null | undefined };

/** A new task: all of it. */
export function encodeSpec({ id: _key, spec, ...state }: TaskRecord): string {
  return JSON.stringify({ spec: storedSpec(spec), ...storedState(spec, state) });
}

/** What changes of a task, as it is now. */
export function encodeState({ id: _key, spec, ...state }: TaskRecord): string {
  return JSON.stringify(storedState(spec, state));
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
  return { id, spec: whole, ...wholeState(whole, state ? (JSON.parse(state) as StoredState) : first) };
}

/** What tells a repeated submission from a conflicting one, in a stored specification. */
export function bodyHashIn(spec: string): string {
  return (JSON.parse(spec) as { spec: StoredSpec }).spec.bodyHash ?? '';
}

function storedSpec(spec: TaskSpec): StoredSpec {
  return {
    ...spec,
    input: unlessEmpty(spec.input),
    priority: spec.priority === COMMON.priority ? undefined : spec.priority,
    namespace: spec.namespace === COMMON.namespace ? undefined : spec.namespace,
    retry: storedRetry(spec.retry),
    requirements: unlessEmpty(spec.requirements),
    timeouts: unlessEmpty(spec.timeouts),
    metadata: unlessEmpty(spec.metadata),
  };
}

function wholeSpec({ retry, ...own }: StoredSpec): TaskSpec {
  return {
    input: {},
    ...COMMON,
    requirements: {},
    timeouts: {},
    metadata: {},
    ...own,
    retry: { ...COMMON_RETRY, nonRetryableCodes: [], ...retry },
  } as TaskSpec;
}

/** What differs from the common policy. */
function storedRetry(retry: RetryPolicy): Stored<RetryPolicy> | undefined {
  let own: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(retry)) {
    if (COMMON_RETRY[name] === value) continue;
    if (name === 'nonRetryableCodes' && retry.nonRetryableCodes.length === 0) continue;
    (own ??= {})[name] = value;
  }
  return own;
}

function storedState(spec: TaskSpec, state: State): StoredState {
  const { since, createdAt, order, events, attempt, failures, losses, cost } = state;
  return {
    ...state,
    state: state.state === COMMON_STATE ? undefined : state.state,
    since: since === createdAt ? undefined : since,
    createdAt: createdAt === bornAt(order) ? undefined : createdAt,
    events: events === firstEvents(spec) ? undefined : events,
    attempt: unlessZero(attempt),
    failures: unlessZero(failures),
    losses: unlessZero(losses),
    attempts: state.attempts.length === 0 ? undefined : state.attempts,
    cost: unlessZero(cost),
    usage: unlessEmpty(state.usage),
    waitingSince: storedWait(state),
  };
}

function wholeState(spec: TaskSpec, stored: StoredState): State {
  const { order = 0, createdAt = bornAt(order), since = createdAt } = stored;
  const queued = stored.state === undefined;
  const { waitingSince = queued ? since : null, ...own } = stored;
  return {
    state: COMMON_STATE,
    since,
    createdAt,
    events: firstEvents(spec),
    attempt: 0,
    failures: 0,
    losses: 0,
    attempts: [],
    cost: 0,
    usage: {},
    ...own,
    ...(waitingSince === null ? {} : { waitingSince }),
  } as State;
}

function storedWait({ state, since, waitingSince }: State): number | null | undefined {
  if (state !== COMMON_STATE) return waitingSince;
  return waitingSince === since ? undefined : (waitingSince ?? null);
}

/** The order of a task begins with the time of its submission, in ms, and three digits. */
function bornAt(order: number): number {
  return Math.floor(order / 1_000);
}

/** A lone task that is queued at once has had two events; those of a step are counted by its run. */
function firstEvents(spec: TaskSpec): number {
  return spec.workflowId === undefined ? 2 : 0;
}

function unlessZero(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

/** Undefined in the place of `{}`, and of nothing else: an empty list is another input. */
function unlessEmpty<T>(value: T): T | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  for (const _name in value) return value;
  return undefined;
}
