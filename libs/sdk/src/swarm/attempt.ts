import {
  MultiswarmError,
  parseOrThrow,
  type AttemptDispatch,
  type AttemptReport,
  type ErrorCode,
  type Usage,
} from '@multiswarm/contracts';
import { deferred, type Cancel, type Clock } from '@multiswarm/core';
import { startSpan, type ActiveSpan, type Logger } from '@multiswarm/telemetry';
import type { Messages } from './messages';
import type { z } from 'zod';
import { endingOfAbort, endingOfError, endingOfValue, type AbortCause, type Ending } from './ending';
import type { TaskContext } from './types';

/** A handler with the schemas of its definition. */
export interface Registration {
  input?: z.ZodType;
  output?: z.ZodType;
  handler: (input: never, ctx: TaskContext) => unknown;
}

export interface AttemptEnvironment {
  swarm: { id: string; region: string };
  clock: Clock;
  log: Logger;
  graceMs: number;
  messages: Messages;
}

const ABORT_CODES = {
  cancelled: 'cancelled',
  superseded: 'cancelled',
  'timed-out': 'attempt-timeout',
  shutdown: 'shutting-down',
} as const satisfies Record<AbortCause, ErrorCode>;

/**
 * One attempt from its start to its report.
 *
 * T1. `report` resolves exactly once, at the latest `graceMs` after an abort, whether the handler returns or not.
 * T2. `ended` resolves when the handler has really returned; until then the attempt occupies its slot.
 * T3. The longest run (`startToCloseMs`) is measured here, on a monotonic clock.
 */
export class Attempt {
  readonly report: Promise<AttemptReport>;
  readonly ended: Promise<void>;
  private readonly startedAt: number;
  private readonly startedTick: number;
  private readonly controller = new AbortController();
  private readonly outcome = deferred<AttemptReport>();
  private readonly span: ActiveSpan;
  private readonly log: Logger;
  private spent: Usage = {};
  private cause: AbortCause | undefined;
  private reported = false;
  private cancelTimer: Cancel = () => undefined;

  constructor(
    readonly dispatch: AttemptDispatch,
    registration: Registration,
    private readonly environment: AttemptEnvironment,
  ) {
    const { clock, log } = environment;
    this.report = this.outcome.promise;
    this.startedAt = clock.now();
    this.startedTick = clock.monotonic();
    this.span = startSpan('multiswarm.attempt.run', {
      parent: dispatch.traceparent,
      kind: 'consumer',
      attributes: {
        'multiswarm.task.id': dispatch.taskId,
        'multiswarm.task.type': dispatch.type,
        'multiswarm.attempt': dispatch.attempt,
      },
    });
    this.log = log.child({
      traceparent: this.span.traceparent,
      taskId: dispatch.taskId,
      attempt: dispatch.attempt,
      type: dispatch.type,
    });
    if (dispatch.startToCloseMs !== undefined) {
      this.cancelTimer = clock.after(dispatch.startToCloseMs, () =>
        this.abort('timed-out', 'its time is over'),
      );
    }
    this.ended = this.run(registration);
  }

  /** Tells the handler to stop, and reports without it when it does not. Only the first call counts. */
  abort(cause: AbortCause, reason: string): void {
    if (this.cause !== undefined || this.reported) return;
    this.cause = cause;
    this.cancelTimer();
    const { clock, graceMs } = this.environment;
    this.cancelTimer = clock.after(graceMs, () => {
      this.log.warn('the handler ignores its signal: reported without it, its slot stays taken', { cause });
      this.finish(endingOfAbort(cause, reason));
    });
    this.controller.abort(new MultiswarmError(ABORT_CODES[cause], reason));
  }

  private async run({ input, output, handler }: Registration): Promise<void> {
    try {
      await nextTurn();
      this.controller.signal.throwIfAborted();
      const given = input ? parseOrThrow(input, this.dispatch.input) : this.dispatch.input;
      // The handler's own type for its input was checked against this schema where it was registered.
      const value = await handler(given as never, this.context());
      if (output && this.cause === undefined) checkOutput(output, value);
      this.finish(endingOfValue(value, this.cause));
    } catch (error) {
      if (this.cause === undefined) this.log.warn('the handler failed', { error });
      this.finish(endingOfError(error, this.cause));
    }
  }

  private finish(ending: Ending): void {
    if (this.reported) return;
    this.reported = true;
    this.cancelTimer();
    const durationMs = Math.max(0, Math.round(this.environment.clock.monotonic() - this.startedTick));
    this.log.info('attempt ended', {
      outcome: ending.outcome,
      durationMs,
      ...(ending.error ? { code: ending.error.code, reason: ending.error.message } : {}),
    });
    this.span.end(ending.error && new Error(ending.error.message));
    this.outcome.resolve({
      taskId: this.dispatch.taskId,
      attempt: this.dispatch.attempt,
      ...ending,
      startedAt: this.startedAt,
      finishedAt: this.startedAt + durationMs,
      ...(Object.keys(this.spent).length === 0 ? {} : { usage: this.spent }),
    });
  }

  private context(): TaskContext {
    const { taskId, attempt, type, namespace, priority, workflowId, step } = this.dispatch;
    return {
      signal: this.controller.signal,
      task: {
        id: taskId,
        attempt,
        type,
        namespace,
        priority,
        ...(workflowId === undefined ? {} : { workflowId }),
        ...(step === undefined ? {} : { step }),
      },
      swarm: this.environment.swarm,
      log: this.log,
      traceparent: this.span.traceparent,
      messages: this.environment.messages.within(this.span.traceparent),
      usage: (spent) => this.addUsage(spent),
    };
  }

  private addUsage(more: { inputTokens?: number; outputTokens?: number }): void {
    for (const name of ['inputTokens', 'outputTokens'] as const) {
      const tokens = more[name];
      if (tokens === undefined) continue;
      if (!Number.isSafeInteger(tokens) || tokens < 0) {
        throw new MultiswarmError(
          'invalid-request',
          `usage: ${name} must be a whole number, 0 or more, not ${String(tokens)}`,
        );
      }
      this.spent = { ...this.spent, [name]: (this.spent[name] ?? 0) + tokens };
    }
  }
}

/** An output that breaks the definition's promise would break it again in the next attempt: not retryable. */
function checkOutput(schema: z.ZodType, value: unknown): void {
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

/** After the reply to the dispatch: a handler that computes for long before its first await must not hold back the acceptance. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
