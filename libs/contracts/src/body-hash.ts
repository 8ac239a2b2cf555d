import { hash } from 'node:crypto';
import { COMMON_RETRY } from './plain-submission';
import type { TaskSubmission } from './task';

/** Same body, same hash: key order does not matter. */
export function bodyHash(body: unknown): string {
  return digest(canonical(body));
}

/** The fields of a task that its hash covers, in the order of their UTF-16 units. */
const HASHED = [
  'estimateMs',
  'fairnessKey',
  'input',
  'limitKeys',
  'metadata',
  'namespace',
  'notBefore',
  'priority',
  'requirements',
  'retry',
  'timeouts',
  'type',
  'waitFor',
] as const satisfies readonly (keyof TaskSubmission)[];
const COMMON_RETRY_TEXT = canonical(COMMON_RETRY);

/** `bodyHash` of a submission without its idempotency key, in a third of the time: its fields need not be sorted. */
export function submissionHash(submission: TaskSubmission): string {
  let text = '';
  for (const name of HASHED) {
    const value = submission[name];
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}"${name}":${value === COMMON_RETRY ? COMMON_RETRY_TEXT : canonical(value)}`;
  }
  return digest(`{${text}}`);
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
  const keys = Object.keys(record);
  if (keys.length > 1) keys.sort();
  let text = '';
  for (const key of keys) {
    const inner = record[key];
    if (inner !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonical(inner)}`;
  }
  return `{${text}}`;
}
