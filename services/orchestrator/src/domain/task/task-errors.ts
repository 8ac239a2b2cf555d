import { LIMITS, type TaskError } from '@multiswarm/contracts';
import type { TaskRecord } from './record';

/** What the policy of a task will not repeat is not retryable, whatever the agent says of it. */
export function judged({ spec }: TaskRecord, error: TaskError): TaskError {
  const isRuledOut = spec.retry.nonRetryableCodes.includes(error.code);
  return error.retryable && isRuledOut ? { ...error, retryable: false } : error;
}

/** The last error of a task that would be tried again if `retry.totalMs` let it. */
export function outOfTime({ spec }: TaskRecord, last: TaskError): TaskError {
  const why = `no further attempt fits into ${spec.retry.totalMs ?? 0} ms (retry.totalMs); the last error`;
  return { ...last, message: cut(`${why}: ${last.message}`) };
}

/** A message that was put together of others fits the record all the same. */
export function cut(message: string): string {
  return message.slice(0, LIMITS.ERROR_MESSAGE_CHARS);
}
