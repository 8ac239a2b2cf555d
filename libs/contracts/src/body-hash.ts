import { hash } from 'node:crypto';
import { COMMON_RETRY } from './plain-submission';
import type { TaskSubmission } from './task';

/** Same body, same hash: key order does not matter. */
export function bodyHash(body: unknown): string {
  return digest(canonical(body));
}

const COMMON_RETRY_TEXT = canonical(COMMON_RETRY);

/**
 * `bodyHash` of a submission without its idempotency key. Its fields are written down in the order of their UTF-16 units: to
 * list and sort them would take four times as long as to hash them.
 */
export function submissionHash(task: TaskSubmission): string {
  const retry = task.retry === COMMON_RETRY ? COMMON_RETRY_TEXT : canonical(task.retry);
  return digest(
    `{${optional('estimateMs', task.estimateMs)}${optional('fairnessKey', task.fairnessKey)}"input":${canonical(task.input)},` +
      `${byReference(task)}${optional('limitKeys', task.limitKeys)}"metadata":${canonical(task.metadata)},"namespace":${canonical(task.namespace)},` +
      `${optional('notBefore', task.notBefore)}"priority":"${task.priority}","requirements":${canonical(task.requirements)},` +
      `"retry":${retry},${optional('routing', task.routing)}"timeouts":${canonical(task.timeouts)},"type":${canonical(task.type)}` +
      `${task.waitFor === undefined ? '' : `,"waitFor":${canonical(task.waitFor)}`}}`,
  );
}

/** By what is in it: its id has the digest. */
function byReference({ inputRef }: TaskSubmission): string {
  return inputRef === undefined ? '' : `"inputRef":${canonical(inputRef)},`;
}

function optional(name: keyof TaskSubmission, value: unknown): string {
  return value === undefined ? '' : `"${name}":${canonical(value)},`;
}

function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}

/** JSON with the keys of every object in the order of their UTF-16 units. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    let text = '';
    for (const item of value)
      text += `${text === '' ? '' : ','}${item === undefined ? 'null' : canonical(item)}`;
    return `[${text}]`;
  }
  const record = value as Record<string, unknown>; // an object of JSON, by the checks above
  let text = '';
  for (const key of sortedKeys(record)) {
    const inner = record[key];
    if (inner !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonical(inner)}`;
  }
  return `{${text}}`;
}

const NO_KEYS: readonly string[] = [];

/** Most objects are empty, and need no list. */
function sortedKeys(record: object): readonly string[] {
  let keys: string[] | undefined;
  for (const key in record) {
    if (keys) keys.push(key);
    else keys = [key];
  }
  if (!keys) return NO_KEYS;
  return keys.length === 1 ? keys : keys.sort();
}
