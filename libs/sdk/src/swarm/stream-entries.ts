import { inspect } from 'node:util';
import {
  isDeeperThan,
  LIMITS,
  MultiswarmError,
  type JsonValue,
  type Progress,
  type StreamEntry,
} from '@multiswarm/contracts';
import type { Logger } from '@multiswarm/telemetry';

type Said = Omit<StreamEntry, 'seq'>;
type Level = NonNullable<StreamEntry['level']>;
type Fields = Readonly<Record<string, unknown>>;

/** Leaves room for what stands around a text in an entry. */
const TEXT_BYTES = LIMITS.STREAM_ENTRY_BYTES - 512;
/** Fields are there to find a line, not to carry data. */
const FIELDS_BYTES = LIMITS.STREAM_ENTRY_BYTES / 4;
const MESSAGE_BYTES = TEXT_BYTES - FIELDS_BYTES;
/** The worst that JSON and UTF-8 make of one character. */
const BYTES_PER_CHAR = 6;

/** A log line: a long one is cut, and fields that are too large, or no JSON, are left out. */
export function logEntry(level: Level, message: unknown, fields: Fields | undefined, at: number): Said {
  const json = fields === undefined ? undefined : printedFields(fields);
  return {
    at,
    kind: 'log',
    level,
    message: cut(typeof message === 'string' ? message : inspect(message), MESSAGE_BYTES),
    ...(json === undefined ? {} : { fields: JSON.parse(json) as Record<string, JsonValue> }),
  };
}

export function progressEntry({ fraction, message, at }: Progress): Said {
  return {
    at,
    kind: 'progress',
    ...(fraction === undefined ? {} : { fraction }),
    ...(message === undefined ? {} : { message }),
  };
}

/**
 * Parts of an output. A long text is several of them; any other value has to fit.
 * @throws MultiswarmError `body-too-large`, or `invalid-request` for what is no JSON
 */
export function outputEntries(output: unknown, at: number): Said[] {
  if (typeof output === 'string') {
    const parts: Said[] = [];
    let rest = output;
    do {
      const part = cut(rest, TEXT_BYTES);
      parts.push({ at, kind: 'output', output: part });
      rest = rest.slice(part.length);
    } while (rest !== '');
    return parts;
  }
  const json = JSON.stringify(output) as string | undefined; // undefined for what JSON has no word for
  if (json === undefined)
    throw new MultiswarmError('invalid-request', `output: ${inspect(output)} is not JSON`);
  const bytes = Buffer.byteLength(json);
  if (bytes > TEXT_BYTES)
    throw new MultiswarmError(
      'body-too-large',
      `output: a part of ${bytes} bytes, the limit is ${TEXT_BYTES}: give it in smaller parts, and the whole as the result`,
    );
  if (isDeeperThan(json, LIMITS.JSON_DEPTH))
    throw new MultiswarmError(
      'invalid-request',
      `output: nested more than ${LIMITS.JSON_DEPTH} levels deep (JSON_DEPTH)`,
    );
  return [{ at, kind: 'output', output: JSON.parse(json) as JsonValue }];
}

/** A logger whose lines, from level info on, are said to watchers too. */
export function teed(log: Logger, say: (level: Level, message: string, fields?: Fields) => void): Logger {
  return teedWith(log, say, undefined);
}

function teedWith(log: Logger, say: Parameters<typeof teed>[1], base: Fields | undefined): Logger {
  const at =
    (level: Level) =>
    (message: string, fields?: Fields): void => {
      log[level](message, fields);
      say(level, message, base === undefined ? fields : { ...base, ...fields });
    };
  return {
    isDebug: log.isDebug,
    debug: (message, fields) => log.debug(message, fields),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => teedWith(log.child(fields), say, { ...base, ...fields }),
  };
}

/** As many of the first characters as fit so many bytes, without half of a pair at the end. */
function cut(text: string, bytes: number): string {
  if (text.length * BYTES_PER_CHAR <= bytes || jsonBytes(text) <= bytes) return text;
  let length = Math.min(text.length, bytes);
  while (jsonBytes(text.slice(0, length)) > bytes) length = Math.floor(length * 0.8);
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length);
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

function printedFields(fields: Fields): string | undefined {
  try {
    const json = JSON.stringify(fields, errorsAsTexts);
    const fits = Buffer.byteLength(json) <= FIELDS_BYTES && !isDeeperThan(json, LIMITS.JSON_DEPTH);
    return fits ? json : undefined;
  } catch {
    return undefined;
  }
}

function errorsAsTexts(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
