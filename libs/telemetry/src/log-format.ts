import { inspect, types } from 'node:util';
import { parseTraceparent, spanIdOf, traceIdOf } from './traceparent';

export type Fields = Record<string, unknown>;

/** Causes of causes that a log line carries; a longer chain says nothing more. */
const CAUSE_DEPTH = 5;

/** Errors of other realms (worker, vm) are no instances of this one's Error. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** An error as plain data: class, code, message, stack and the chain of causes. */
export function renderError(error: Error, depth = 0): Fields {
  const { code, findings, cause } = error as Error & { code?: unknown; findings?: unknown };
  return {
    name: error.name,
    ...(code === undefined ? {} : { code }),
    message: error.message,
    ...(Array.isArray(findings) && findings.length > 0 ? { findings } : {}),
    stack: error.stack,
    ...(cause === undefined || depth >= CAUSE_DEPTH
      ? {}
      : { cause: isError(cause) ? renderError(cause, depth + 1) : cause }),
  };
}

function replaceValue(_key: string, value: unknown): unknown {
  if (isError(value)) return renderError(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...(value as Set<unknown>)];
  return value;
}

/** JSON of anything: a log line must never throw, whatever somebody puts into its fields (cycles, throwing getters). */
export function safeJson(record: Fields): string {
  try {
    return JSON.stringify(record, replaceValue);
  } catch {
    const parts = Object.entries(record).map(([key, value]) => `${JSON.stringify(key)}:${safeValue(value)}`);
    return `{${parts.join(',')}}`;
  }
}

function safeValue(value: unknown): string {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return 'null';
  try {
    return JSON.stringify(value, replaceValue);
  } catch {
    return JSON.stringify(inspect(value, { depth: 2, breakLength: Infinity }));
  }
}

/** `traceparent` becomes `traceId` and `spanId`, by which a log line is found from a trace and the other way round. */
export function withTraceIds(fields: Fields): Fields {
  const { traceparent, ...rest } = fields;
  if (typeof traceparent !== 'string') return fields;
  const valid = parseTraceparent(traceparent);
  return valid === undefined ? fields : { traceId: traceIdOf(valid), spanId: spanIdOf(valid), ...rest };
}

/** One line for people: time, level, service, message, then the fields as `key=value`; stacks on lines of their own. */
export function renderText(record: Fields): string {
  const { time, level, service, message, ...fields } = record;
  const stacks: string[] = [];
  const pairs = Object.entries(fields).map(([key, value]) => {
    if (isError(value)) {
      stacks.push(`    ${inspect(value, { depth: 4 }).replaceAll('\n', '\n    ')}`);
      return `${key}=${JSON.stringify(value.message)}`;
    }
    return `${key}=${typeof value === 'string' ? textValue(value) : safeValue(value)}`;
  });
  const line = [time, String(level).toUpperCase().padEnd(5), service, message, ...pairs].join(' ');
  return [line, ...stacks].join('\n');
}

function textValue(value: string): string {
  return /^[\w.:/@%+-]+$/.test(value) ? value : JSON.stringify(value);
}
