import {
  LIMITS,
  MultiswarmError,
  type AttemptReport,
  type JsonValue,
  type TaskError,
} from '@multiswarm/contracts';
import { NonRetryableError, RetryableError } from '../errors';

/** Why an attempt was aborted. The first cause stands. */
export type AbortCause = 'cancelled' | 'superseded' | 'timed-out' | 'heartbeat-timeout' | 'shutdown';

/** How an attempt ended, without its times. */
export interface Ending extends Pick<AttemptReport, 'outcome' | 'output' | 'error'> {
  /** About as many bytes of JSON, rather more than less. */
  bytes: number;
}

/** A text up to this length is reported without being printed as JSON first. */
const SHORT_TEXT_CHARS = 256;
/** Bytes of JSON that a number, a boolean or null has at most. */
const SCALAR_BYTES = 24;
/** Bytes of JSON that one UTF-16 unit of a text has at most: as an escape. */
const ESCAPE_BYTES = 6;
/** The same, in a text of words. */
const WORD_BYTES = 3;

/** The ending of a handler that returned. What it returned after an abort by the owner, or too late, does not count. */
export function endingOfValue(value: unknown, cause: AbortCause | undefined): Ending {
  if (cause !== undefined && cause !== 'shutdown') return endingOfAbort(cause, '');
  if (value === undefined) return { outcome: 'succeeded', output: null, bytes: SCALAR_BYTES };
  if (isSmallScalar(value)) return { outcome: 'succeeded', output: value, bytes: scalarBytes(value) };
  let text: string | undefined;
  try {
    text = toJson(value);
  } catch (error) {
    return failed('attempt-failed', `the output is not JSON: ${messageOf(error)}`, false);
  }
  if (text === undefined)
    return failed('attempt-failed', `the output is not JSON: it is a ${typeof value}`, false);
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMITS.TASK_OUTPUT_BYTES) {
    return failed(
      'output-too-large',
      `the output has ${bytes} bytes, the limit is ${LIMITS.TASK_OUTPUT_BYTES}`,
      false,
    );
  }
  // A copy: the handler may go on changing its object while the report waits.
  return { outcome: 'succeeded', output: JSON.parse(text) as JsonValue, bytes };
}

/** The ending of a handler that threw. */
export function endingOfError(error: unknown, cause: AbortCause | undefined): Ending {
  if (cause !== undefined) return endingOfAbort(cause, messageOf(error));
  if (
    error instanceof RetryableError ||
    error instanceof NonRetryableError ||
    error instanceof MultiswarmError
  ) {
    return failed(error.code, error.message, error.retryable);
  }
  return failed('attempt-failed', describe(error), true);
}

/** With the name that tells a bug (TypeError, RangeError) from a message that was meant. */
function describe(error: unknown): string {
  const named = error instanceof Error && error.name !== 'Error' && error.name !== '';
  return named ? `${error.name}: ${error.message}` : messageOf(error);
}

/** The ending of an attempt that was aborted and brought no result. */
export function endingOfAbort(cause: AbortCause, detail: string): Ending {
  const because = detail === '' ? '' : `: ${detail}`;
  switch (cause) {
    case 'cancelled':
      return withError('cancelled', taskError('cancelled', `cancelled on request${because}`, false));
    case 'superseded':
      return withError(
        'cancelled',
        taskError('cancelled', `a newer attempt took its place${because}`, false),
      );
    case 'timed-out':
      return withError(
        'timed-out',
        taskError('attempt-timeout', `ran longer than its startToCloseMs${because}`, true),
      );
    case 'heartbeat-timeout':
      return withError(
        'timed-out',
        taskError('heartbeat-timeout', `was silent for longer than its heartbeatMs${because}`, true),
      );
    // Lost, not failed: that the swarm had to go must not use up one of the task's attempts.
    case 'shutdown':
      return withError(
        'lost',
        taskError('attempt-lost', `the swarm was stopped before it finished${because}`, true),
      );
  }
}

type SmallScalar = null | boolean | number | string;

/** What nobody can change afterwards, and what is within the limit without being counted. */
function isSmallScalar(value: unknown): value is SmallScalar {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'string' && value.length <= SHORT_TEXT_CHARS;
}

function scalarBytes(value: SmallScalar): number {
  return typeof value === 'string' ? value.length * ESCAPE_BYTES + 2 : SCALAR_BYTES;
}

/** Undefined for what JSON has no word for, such as a function; its type does not say so. */
function toJson(value: unknown): string | undefined {
  return JSON.stringify(value);
}

function failed(code: string, message: string, retryable: boolean): Ending {
  return withError('failed', taskError(code, message, retryable));
}

function withError(outcome: Ending['outcome'], error: TaskError): Ending {
  return { outcome, error, bytes: (error.code.length + error.message.length) * WORD_BYTES };
}

function taskError(code: string, message: string, retryable: boolean): TaskError {
  return {
    code: code.slice(0, LIMITS.NAME_CHARS),
    message: message.slice(0, LIMITS.ERROR_MESSAGE_CHARS),
    retryable,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
