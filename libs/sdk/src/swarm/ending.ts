import {
  isDeeperThan,
  LIMITS,
  MultiswarmError,
  parseOrThrow,
  type AttemptReport,
  type PayloadRef,
  type TaskError,
} from '@multiswarm/contracts';
import type { z } from 'zod';
import { NonRetryableError, RetryableError } from '../errors';

/** At most: a text of so many characters is that long in UTF-8. */
const UTF8_BYTES_PER_CHAR = 3;

/** Why an attempt was aborted. The first cause stands. */
export type AbortCause = 'cancelled' | 'superseded' | 'timed-out' | 'heartbeat-timeout' | 'shutdown';

/** How an attempt ended, without its times. The output is JSON text: whatever the handler does with its value afterwards. */
export interface Ending extends Pick<AttemptReport, 'outcome' | 'error'> {
  output?: string;
  /** The output is too large to travel with the report: it has to be stored first. */
  isLarge?: true;
  /** Where it is stored. */
  outputRef?: PayloadRef;
}

/** The ending of a handler that returned. What it returned after an abort by the owner, or too late, does not count. */
export function endingOfValue(value: unknown, cause: AbortCause | undefined): Ending {
  if (cause !== undefined && cause !== 'shutdown') return endingOfAbort(cause, '');
  let text: string | undefined;
  try {
    text = toJson(value);
  } catch (error) {
    return failed('attempt-failed', `the output is not JSON: ${messageOf(error)}`, false);
  }
  if (text === undefined)
    return failed('attempt-failed', `the output is not JSON: it is a ${typeof value}`, false);
  if (text.length * UTF8_BYTES_PER_CHAR > LIMITS.TASK_OUTPUT_BYTES) {
    const bytes = Buffer.byteLength(text);
    if (bytes > LIMITS.PAYLOAD_BYTES)
      return failed(
        'output-too-large',
        `the output has ${bytes} bytes, the limit is ${LIMITS.PAYLOAD_BYTES} (PAYLOAD_BYTES)`,
        false,
      );
    if (bytes > LIMITS.TASK_OUTPUT_BYTES) return { outcome: 'succeeded', output: text, isLarge: true };
  }
  // What is stored goes by reference; what travels is part of messages, and of the inputs of the steps behind it.
  if (isDeeperThan(text, LIMITS.JSON_DEPTH))
    return failed(
      'attempt-failed',
      `the output is nested more than ${LIMITS.JSON_DEPTH} levels deep (JSON_DEPTH)`,
      false,
    );
  return { outcome: 'succeeded', output: text };
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
      return { outcome: 'cancelled', error: taskError('cancelled', `cancelled on request${because}`, false) };
    case 'superseded':
      return {
        outcome: 'cancelled',
        error: taskError('cancelled', `a newer attempt took its place${because}`, false),
      };
    case 'timed-out':
      return {
        outcome: 'timed-out',
        error: taskError('attempt-timeout', `ran longer than its startToCloseMs${because}`, true),
      };
    case 'heartbeat-timeout':
      return {
        outcome: 'timed-out',
        error: taskError('heartbeat-timeout', `was silent for longer than its heartbeatMs${because}`, true),
      };
    // Lost, not failed: that the swarm had to go must not use up one of the task's attempts.
    case 'shutdown':
      return {
        outcome: 'lost',
        error: taskError('attempt-lost', `the swarm was stopped before it finished${because}`, true),
      };
  }
}

/** Undefined for what JSON has no word for, such as a function; its type does not say so. */
function toJson(value: unknown): string | undefined {
  return JSON.stringify(value === undefined ? null : value);
}

function failed(code: string, message: string, retryable: boolean): Ending {
  return { outcome: 'failed', error: taskError(code, message, retryable) };
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

/** An output that breaks the definition's promise would break it again in the next attempt: not retryable. */
export function checkOutput(schema: z.ZodType, value: unknown): void {
  try {
    parseOrThrow(schema, value);
  } catch (error) {
    throw new MultiswarmError(
      'invalid-request',
      `the output does not fit the schema of its type: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
