import winston from 'winston';
import { systemClock, type Clock } from '@multiswarm/core';
import { renderText, safeJson, withTraceIds, type Fields } from './log-format';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields may carry `traceparent` (becomes `traceId` and `spanId`) and errors (rendered with code, stack and causes). */
export interface Logger {
  /** Whether lines of this level are written: for whoever would have to make up what they say. */
  readonly isDebug: boolean;
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** A logger that adds these fields to every line. */
  child(fields: Fields): Logger;
}

export interface LoggerOptions {
  service: string;
  level: LogLevel;
  /** JSON lines (default), or lines for people. */
  json?: boolean;
  /** Default: stderr, because stdout belongs to results. */
  stream?: NodeJS.WritableStream;
  clock?: Clock;
}

type Severity = Exclude<LogLevel, 'silent'>;
/** winston's order: the smaller the number, the more severe. */
const SEVERITIES: Record<Severity, number> = { error: 0, warn: 1, info: 2, debug: 3 };
const LINE = Symbol.for('message');

/** A logger that writes one line for each message: `{ time, level, service, message, traceId?, ... }`. */
export function createLogger(options: LoggerOptions): Logger {
  const sink = winston.createLogger({
    levels: SEVERITIES,
    level: options.level === 'silent' ? 'error' : options.level,
    silent: options.level === 'silent',
    // Lines are rendered below, from fields that winston does not know; its own rendering would replace them.
    format: { transform: (info) => info },
    transports: [new winston.transports.Stream({ stream: options.stream ?? process.stderr, eol: '\n' })],
  });
  const render = options.json === false ? renderText : safeJson;
  const limit = options.level === 'silent' ? -1 : SEVERITIES[options.level];
  const clock = options.clock ?? systemClock;

  const write = (level: Severity, message: string, base: Fields, fields: Fields | undefined): void => {
    const time = new Date(clock.now()).toISOString();
    const rest = withTraceIds(fields === undefined ? base : { ...base, ...fields });
    const line = render({ time, level, service: options.service, message, ...omitReserved(rest) });
    sink.write({ level, message, [Symbol.for('level')]: level, [LINE]: line });
  };
  return build(limit, write, {});
}

/** A field may not replace what every line promises to carry; it moves aside instead of vanishing. */
function omitReserved(fields: Fields): Fields {
  if (!('message' in fields || 'level' in fields || 'time' in fields || 'service' in fields)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [RESERVED.has(key) ? `field_${key}` : key, value]),
  );
}
const RESERVED: ReadonlySet<string> = new Set(['time', 'level', 'service', 'message']);

type Write = (level: Severity, message: string, base: Fields, fields: Fields | undefined) => void;

/** A level that is off costs one call of an empty function. */
function build(limit: number, write: Write, base: Fields): Logger {
  const at = (level: Severity): Logger[Severity] =>
    SEVERITIES[level] > limit ? nothing : (message, fields) => write(level, message, base, fields);
  return {
    isDebug: SEVERITIES.debug <= limit,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => build(limit, write, { ...base, ...fields }),
  };
}

function nothing(): void {
  // the level is off
}
