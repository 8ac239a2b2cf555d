import type { Request, Response } from 'express';
import { ERRORS, MultiswarmError } from '@multiswarm/contracts';
import { traceIdOf, type Logger } from '@multiswarm/telemetry';
import { contextOf } from './context';

/** Seconds after which a retryable 503 or 429 is worth trying again; leases and reconnects take about that long. */
const RETRY_AFTER_S = 2;

/** An error as it leaves the service. What is not ours is logged with its cause and shown without inner details. */
export function toPublicError(error: unknown): MultiswarmError {
  if (error instanceof MultiswarmError) return error;
  if (error instanceof URIError || hasStatus(error, 400)) {
    return new MultiswarmError('invalid-request', 'the path has a broken percent-encoding', { cause: error });
  }
  return new MultiswarmError('internal', ERRORS.internal.title, { cause: error });
}

function hasStatus(error: unknown, status: number): boolean {
  return typeof error === 'object' && error !== null && 'status' in error && error.status === status;
}

/** Answers with RFC 9457 problem details. */
export function sendProblem(request: Request, response: Response, error: unknown, logger: Logger): void {
  const context = contextOf(request);
  const shown = toPublicError(error);
  const problem = shown.toProblem(traceIdOf(context.traceparent));
  if (problem.status >= 500) {
    const severity = shown.code === 'internal' ? 'error' : 'warn';
    const { traceparent } = context;
    logger[severity](`${request.method} ${request.path} failed`, { traceparent, code: shown.code, error });
  }
  if (response.headersSent) {
    // Too late for an answer: cutting the connection is the only way to say that it is not whole.
    response.destroy();
    return;
  }
  const passes = problem.status === 503 || problem.status === 429;
  if (passes && problem.retryable) response.setHeader('retry-after', String(RETRY_AFTER_S));
  response.setHeader('traceparent', context.traceparent);
  const body = JSON.stringify(problem);
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
