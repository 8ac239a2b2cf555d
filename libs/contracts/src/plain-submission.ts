import { parseOrThrow } from './findings';
import { LIMITS } from './limits';
import { type JsonValue } from './json';
import { isName, isRegionPattern, isToken, isWellFormed } from './names';
import type { Requirements } from './requirements';
import { Priority, RetryPolicy, TaskSubmission, type TaskSpec, type Timeouts } from './task';

/**
 * A task as a client sends it, checked and with its defaults.
 * What most submissions look like is read by hand, which takes a tenth of the time of zod (0.5 instead of 5.6 µs); it reads
 * everything else, and lists what is wrong.
 * @throws MultiswarmError `invalid-request` with every finding
 */
export function parseSubmission(given: unknown): TaskSubmission {
  return plainSubmission(given) ?? parseOrThrow(TaskSubmission, given);
}

type Fields = Readonly<Record<string, unknown>>;

const PLAIN_FIELDS: ReadonlySet<string> = new Set<keyof TaskSubmission>([
  'type',
  'input',
  'requirements',
  'priority',
  'retry',
  'timeouts',
  'metadata',
  'namespace',
  'idempotencyKey',
  'estimateMs',
  'fairnessKey',
  'limitKeys',
]);
const PRIORITIES: ReadonlySet<unknown> = new Set(Priority.options);
/** Deeper ones are left to zod, which has a word for what is too deep. */
const PLAIN_DEPTH = 16;

/** The policy of all plain submissions that name none: one object, since nobody changes a policy. */
export const COMMON_RETRY: RetryPolicy = RetryPolicy.parse({});

/** Exactly what `TaskSubmission` makes of it, or undefined where it is not plain: that says nothing about its being valid. */
export function plainSubmission(given: unknown): TaskSubmission | undefined {
  if (!isPlainObject(given) || !hasOnly(given, PLAIN_FIELDS)) return undefined;
  const { type, input = {}, priority = 'normal', namespace = 'default' } = given;
  if (!isName(type) || !PRIORITIES.has(priority) || !isToken(namespace) || !isJson(input, PLAIN_DEPTH))
    return undefined;
  const requirements = plainRequirements(given['requirements']);
  const retry = plainRetry(given['retry']);
  const timeouts = plainTimeouts(given['timeouts']);
  const metadata = plainMetadata(given['metadata']);
  if (!requirements || !retry || !timeouts || !metadata) return undefined;
  // One literal with all that every submission has, so that they have one shape.
  const submission: TaskSubmission = {
    type,
    input,
    requirements,
    priority: priority as Priority,
    retry,
    timeouts,
    metadata,
    namespace,
  };
  return addOptional(submission, given) ? submission : undefined;
}

function addOptional(submission: TaskSubmission, given: Fields): boolean {
  const { idempotencyKey, estimateMs, fairnessKey, limitKeys } = given;
  if (idempotencyKey !== undefined) {
    if (!isText(idempotencyKey, LIMITS.NAME_CHARS) || idempotencyKey === '' || !isWellFormed(idempotencyKey))
      return false;
    submission.idempotencyKey = idempotencyKey;
  }
  if (estimateMs !== undefined) {
    if (!isTime(estimateMs, 0)) return false;
    submission.estimateMs = estimateMs;
  }
  if (fairnessKey !== undefined) {
    if (!isName(fairnessKey)) return false;
    submission.fairnessKey = fairnessKey;
  }
  if (limitKeys !== undefined) {
    if (!isListOf(limitKeys, isName, LIMITS.LIMIT_KEYS)) return false;
    submission.limitKeys = limitKeys;
  }
  return true;
}

const PLAIN_REQUIREMENTS: ReadonlySet<string> = new Set<keyof Requirements>(['capabilities', 'region']);

/** Requirements that name capabilities and regions at most, checked; undefined for all others, which are for the schema. */
export function plainRequirements(given: unknown): Requirements | undefined {
  if (given === undefined) return {};
  if (!isPlainObject(given) || !hasOnly(given, PLAIN_REQUIREMENTS)) return undefined;
  const { capabilities, region } = given;
  const requirements: Requirements = {};
  if (capabilities !== undefined) {
    if (!isListOf(capabilities, isName, LIMITS.LIST_ITEMS)) return undefined;
    requirements.capabilities = capabilities;
  }
  if (region !== undefined) {
    if (!isListOf(region, isRegionPattern, LIMITS.LIST_ITEMS)) return undefined;
    requirements.region = region;
  }
  return requirements;
}

const PLAIN_RETRY: ReadonlySet<string> = new Set<keyof RetryPolicy>([
  'maxAttempts',
  'initialMs',
  'factor',
  'maxMs',
  'jitter',
]);

function plainRetry(given: unknown): RetryPolicy | undefined {
  if (given === undefined) return COMMON_RETRY;
  if (!isPlainObject(given) || !hasOnly(given, PLAIN_RETRY)) return undefined;
  const {
    maxAttempts = COMMON_RETRY.maxAttempts,
    initialMs = COMMON_RETRY.initialMs,
    factor = COMMON_RETRY.factor,
    maxMs = COMMON_RETRY.maxMs,
    jitter = COMMON_RETRY.jitter,
  } = given;
  const fits =
    isCount(maxAttempts, 1) &&
    maxAttempts <= LIMITS.RETRY_MAX_ATTEMPTS &&
    isTime(initialMs, 0) &&
    isBetween(factor, 1, 10) &&
    isTime(maxMs, 0) &&
    isBetween(jitter, 0, 1);
  return fits ? { maxAttempts, initialMs, factor, maxMs, jitter, nonRetryableCodes: [] } : undefined;
}

const PLAIN_TIMEOUTS = ['scheduleToStartMs', 'startToCloseMs', 'heartbeatMs'] as const;
const PLAIN_TIMEOUT_NAMES: ReadonlySet<string> = new Set(PLAIN_TIMEOUTS);

function plainTimeouts(given: unknown): Timeouts | undefined {
  if (given === undefined) return {};
  if (!isPlainObject(given) || !hasOnly(given, PLAIN_TIMEOUT_NAMES)) return undefined;
  const timeouts: Timeouts = {};
  for (const name of PLAIN_TIMEOUTS) {
    const ms = given[name];
    if (ms === undefined) continue;
    if (!isTime(ms, 1)) return undefined;
    timeouts[name] = ms;
  }
  return timeouts;
}

function plainMetadata(given: unknown): TaskSubmission['metadata'] | undefined {
  if (given === undefined) return {};
  if (!isPlainObject(given)) return undefined;
  const metadata: TaskSubmission['metadata'] = {};
  let entries = 0;
  for (const key in given) {
    const value = given[key];
    const fits =
      isText(value, LIMITS.METADATA_VALUE_CHARS) || typeof value === 'boolean' || Number.isFinite(value);
    if (++entries > LIMITS.METADATA_ENTRIES || !isName(key) || !fits) return undefined;
    metadata[key] = value as string | number | boolean;
  }
  return metadata;
}

const SPEC_FIELDS: ReadonlySet<string> = new Set<keyof TaskSpec>([
  'traceparent',
  'bodyHash',
  'workflowId',
  'step',
  'rerunOf',
]);

/**
 * Whether it is, as it is, what comes of most submissions: what `TaskSpec` would take and leave alone. False says nothing about
 * its being valid.
 */
export function isPlainSpec(given: unknown): given is TaskSpec {
  if (!isPlainObject(given)) return false;
  for (const name in given) if (!PLAIN_FIELDS.has(name) && !SPEC_FIELDS.has(name)) return false;
  const { type, input, priority, namespace, requirements, retry, timeouts, metadata } = given;
  const { traceparent, bodyHash = '', workflowId = '', step = type, rerunOf = '' } = given;
  return (
    isName(type) &&
    isName(step) &&
    isToken(namespace) &&
    PRIORITIES.has(priority) &&
    [traceparent, bodyHash, workflowId, rerunOf].every((text) => typeof text === 'string') &&
    isWholeRetry(retry) &&
    [requirements, timeouts, metadata].every((part) => part !== undefined) &&
    plainRequirements(requirements) !== undefined &&
    plainTimeouts(timeouts) !== undefined &&
    plainMetadata(metadata) !== undefined &&
    addOptional({} as TaskSubmission, given) && // only asked whether they fit
    isJson(input, PLAIN_DEPTH)
  );
}

/** With nothing left out. */
function isWholeRetry(given: unknown): boolean {
  if (!isPlainObject(given)) return false;
  const { nonRetryableCodes, ...rest } = given;
  const isPlain = Array.isArray(nonRetryableCodes) && nonRetryableCodes.length === 0;
  for (const name of PLAIN_RETRY) if (rest[name] === undefined) return false;
  return isPlain && plainRetry(rest) !== undefined;
}

/** JSON as text makes it, and not so deep that it would be a danger to whoever walks through it. */
export function isPlainJson(value: unknown): value is JsonValue {
  return isJson(value, PLAIN_DEPTH);
}

export function isJson(value: unknown, depth: number): value is JsonValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value === null || (depth > 0 && isJsonTree(value, depth - 1));
    default:
      return false;
  }
}

function isJsonTree(tree: object, depth: number): boolean {
  if (Array.isArray(tree)) {
    for (const item of tree as unknown[]) if (!isJson(item, depth)) return false;
    return true;
  }
  if (!isPlainObject(tree)) return false;
  // Only JSON text can have this name for a field.
  for (const key in tree) if (key === '__proto__' || !isJson(tree[key], depth)) return false;
  return true;
}

/** What comes of JSON text: nothing in it is inherited or computed. */
export function isPlainObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

export function hasOnly(fields: Fields, names: ReadonlySet<string>): boolean {
  for (const name in fields) if (!names.has(name)) return false;
  return true;
}

function isListOf(value: unknown, fits: (item: unknown) => item is string, most: number): value is string[] {
  if (!Array.isArray(value) || value.length > most) return false;
  for (const item of value as unknown[]) if (!fits(item)) return false;
  return true;
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length <= most;
}

function isCount(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function isTime(value: unknown, least: number): value is number {
  return isCount(value, least) && value <= LIMITS.DURATION_MS;
}

function isBetween(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}
