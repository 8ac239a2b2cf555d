import {
  MultiswarmError,
  parseOrThrow,
  type AttemptDispatch,
  type ErrorCode,
  type JsonValue,
  type Progress,
  type Signal,
  type Usage,
} from '@multiswarm/contracts';
import type { Cancel, Clock } from '@multiswarm/core';
import { SDK_LIMITS } from '../limits';
import type { AddedSteps, WorkflowDocument } from '../client/types';
import { AttemptStream, type StreamEnvironment } from './attempt-stream';
import { startSpan, type ActiveSpan, type Logger } from '@multiswarm/telemetry';
import type { z } from 'zod';
import {
  checkOutput,
  endingOfAbort,
  endingOfError,
  endingOfValue,
  type AbortCause,
  type Ending,
} from './ending';
import type { Messages } from './messages/messages';
import type { AttemptPayloads } from './payloads';
import { ProgressGate, toProgress } from './progress';
import { printReport } from './report-json';
import { SignalDesk } from './signal-desk';
import { Silence } from './silence';
import type { StepAdder } from './step-adder';
import { logEntry, outputEntries, progressEntry, teed } from './stream-entries';
import { AttemptContext, type ContextSource } from './task-context';
import type { SignalHandler, TaskContext } from './types';

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
  payloads: Pick<AttemptPayloads, 'inputOf' | 'store'>;
  stream: StreamEnvironment;
  adder: Pick<StepAdder, 'add'>;
}

/** Who hears of an attempt. */
export interface AttemptListener {
  onProgress(attempt: Attempt, progress: Progress): void;
  /** @param report an `AttemptReport` as JSON */
  onReport(attempt: Attempt, report: string): void;
  onEnded(attempt: Attempt): void;
}

const ABORT_CODES = {
  cancelled: 'cancelled',
  superseded: 'cancelled',
  'timed-out': 'attempt-timeout',
  'heartbeat-timeout': 'heartbeat-timeout',
  shutdown: 'shutting-down',
} as const satisfies Record<AbortCause, ErrorCode>;

/**
 * One attempt from its start to its report. Whatever a handler that does nothing does not need is made only when it is asked for.
 *
 * T1. It is reported exactly once, at the latest `graceMs` after an abort, whether the handler returns or not.
 * T2. It ends when the handler has really returned; until then the attempt occupies its slot.
 * T3. The longest run (`startToCloseMs`) and the longest silence (`heartbeatMs`) are measured here, on a monotonic clock.
 * T4. The last progress is told, at the latest right before the report. What was said last is stored by then, unless that takes
 *     longer than `SDK_LIMITS.STREAM_FLUSH_MS`.
 */
export class Attempt implements ContextSource {
  private readonly startedAt: number;
  private readonly startedTick: number;
  private readonly controller = new AbortController();
  private readonly span: ActiveSpan;
  private attemptLog: Logger | undefined;
  private heardLog: Logger | undefined;
  private saying: AttemptStream | undefined;
  private signalDesk: SignalDesk | undefined;
  private progressGate: ProgressGate | undefined;
  private silence: Silence | undefined;
  private spent: Usage | undefined;
  private cause: AbortCause | undefined;
  private reason = '';
  private reported = false;
  private cancelTimer: Cancel | undefined;

  constructor(
    readonly dispatch: AttemptDispatch,
    readonly shard: number,
    private readonly registration: Registration,
    private readonly environment: AttemptEnvironment,
    private readonly listener: AttemptListener,
  ) {
    const { clock } = environment;
    const { startToCloseMs, heartbeatMs } = dispatch;
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
    if (startToCloseMs !== undefined)
      this.cancelTimer = clock.after(startToCloseMs, () => this.abort('timed-out', 'its time is over'));
    if (heartbeatMs !== undefined)
      this.silence = new Silence(clock, heartbeatMs, () =>
        this.abort('heartbeat-timeout', `no sign of life for ${heartbeatMs} ms`),
      );
  }

  get taskId(): string {
    return this.dispatch.taskId;
  }
  get attempt(): number {
    return this.dispatch.attempt;
  }
  get swarm(): TaskContext['swarm'] {
    return this.environment.swarm;
  }
  get traceparent(): string {
    return this.span.traceparent;
  }
  get messages(): TaskContext['messages'] {
    return this.environment.messages.within(this.span.traceparent);
  }
  get signal(): AbortSignal {
    return this.controller.signal;
  }
  get log(): Logger {
    if (this.attemptLog === undefined) {
      const { taskId, attempt, type } = this.dispatch;
      this.attemptLog = this.environment.log.child({ traceparent: this.traceparent, taskId, attempt, type });
    }
    return this.attemptLog;
  }
  get handlerLog(): Logger {
    this.heardLog ??= teed(this.log, (level, message, fields) => {
      if (!this.reported) this.stream.add(logEntry(level, message, fields, this.environment.clock.now()));
    });
    return this.heardLog;
  }
  get signals(): readonly Signal[] {
    return this.desk.known;
  }

  /**
   * Calls the handler. To be called in a later turn than the dispatch: a handler that computes for long before its first
   * await must not hold back the acceptance.
   */
  begin(): void {
    const { input, inputRef, upstreamRefs } = this.dispatch;
    if (inputRef === undefined && upstreamRefs === undefined) this.call(input);
    else
      void this.environment.payloads
        .inputOf(this.dispatch, this.signal, () => this.heartbeat())
        .then(
          (whole) => this.call(whole),
          (error: unknown) => this.threw(error),
        );
  }

  private call(whole: JsonValue): void {
    const { input, handler } = this.registration;
    let value: unknown;
    try {
      this.throwIfAborted();
      const given = input ? parseOrThrow(input, whole) : whole;
      // The handler's own type for its input was checked against this schema where it was registered.
      value = handler(given as never, new AttemptContext(this));
    } catch (error) {
      this.threw(error);
      return;
    }
    if (!isThenable(value)) this.returned(value);
    else
      void Promise.resolve(value).then(
        (later) => this.returned(later),
        (error: unknown) => this.threw(error),
      );
  }

  /** Tells the handler to stop, and reports without it when it does not. Only the first call counts. */
  abort(cause: AbortCause, reason: string): void {
    if (this.cause !== undefined || this.reported) return;
    this.cause = cause;
    this.reason = reason;
    this.stopTimers();
    const { clock, graceMs } = this.environment;
    this.cancelTimer = clock.after(graceMs, () => {
      this.log.warn('the handler ignores its signal: reported without it, its slot stays taken', { cause });
      this.finish(endingOfAbort(cause, reason));
    });
    this.controller.abort(new MultiswarmError(ABORT_CODES[cause], reason));
  }

  /** All signals of the task so far. */
  signalled(all: readonly Signal[]): void {
    this.desk.learn(all);
  }

  onSignal(name: string, handler: SignalHandler): () => void {
    return this.desk.on(name, handler);
  }

  async addSteps(steps: AddedSteps | WorkflowDocument): Promise<void> {
    await this.environment.adder.add(this.dispatch, steps, this.signal, this.traceparent);
    this.heartbeat();
  }

  heartbeat(): void {
    this.silence?.sign();
  }

  progress(fraction: number | undefined, message: string | undefined): void {
    const progress = toProgress(fraction, message, this.environment.clock.now());
    this.heartbeat();
    if (this.reported) return;
    this.progressGate ??= new ProgressGate(this.environment.clock, (next) => {
      this.listener.onProgress(this, next);
      this.stream.add(progressEntry(next));
    });
    this.progressGate.offer(progress);
  }

  output(part: unknown): void {
    const entries = outputEntries(part, this.environment.clock.now());
    this.heartbeat();
    if (this.reported) return;
    for (const entry of entries) this.stream.add(entry);
  }

  addUsage(more: { inputTokens?: number; outputTokens?: number }): void {
    for (const name of ['inputTokens', 'outputTokens'] as const) {
      const tokens = more[name];
      if (tokens === undefined) continue;
      if (!Number.isSafeInteger(tokens) || tokens < 0) {
        throw new MultiswarmError(
          'invalid-request',
          `usage: ${name} must be a whole number, 0 or more, not ${String(tokens)}`,
        );
      }
      this.spent = { ...this.spent, [name]: (this.spent?.[name] ?? 0) + tokens };
    }
  }

  private returned(value: unknown): void {
    this.end(this.endingOf(value));
  }

  private threw(error: unknown): void {
    if (this.cause === undefined) this.log.warn('the handler failed', { error });
    this.end(endingOfError(error, this.cause));
  }

  private end(ending: Ending): void {
    if (ending.isLarge) {
      void this.stored(ending).then((small) => this.end(small));
      return;
    }
    this.progressGate?.flush();
    // What was said last is stored before the end is known, so that who watches gets it before the end.
    if (this.saying?.busy) void this.saying.close(SDK_LIMITS.STREAM_FLUSH_MS).then(() => this.over(ending));
    else this.over(ending);
  }

  private over(ending: Ending): void {
    this.finish(ending);
    this.listener.onEnded(this);
  }

  /** With the output where it can be fetched from. The slot stays taken meanwhile, and the times of the attempt go on. */
  private async stored({ output = '' }: Ending): Promise<Ending> {
    try {
      const { namespace } = this.dispatch;
      const outputRef = await this.environment.payloads.store(namespace, output, this.signal);
      this.throwIfAborted();
      return { outcome: 'succeeded', outputRef };
    } catch (error) {
      if (this.cause === undefined) this.log.warn('the output could not be stored', { error });
      return endingOfError(error, this.cause);
    }
  }

  private endingOf(value: unknown): Ending {
    const { output } = this.registration;
    try {
      if (output && this.cause === undefined) checkOutput(output, value);
    } catch (error) {
      this.log.warn('the handler returned what its definition does not allow', { error });
      return endingOfError(error, undefined);
    }
    return endingOfValue(value, this.cause);
  }

  private throwIfAborted(): void {
    if (this.cause !== undefined) throw new MultiswarmError(ABORT_CODES[this.cause], this.reason);
  }

  private finish({ outcome, error, output, outputRef }: Ending): void {
    if (this.reported) return;
    this.stopTimers();
    this.progressGate?.flush();
    this.reported = true;
    this.signalDesk?.close();
    const durationMs = Math.max(0, Math.round(this.environment.clock.monotonic() - this.startedTick));
    const { taskId, attempt, type } = this.dispatch;
    const ended = { traceparent: this.traceparent, taskId, attempt, type, outcome, durationMs };
    const { log } = this.environment;
    log.info('attempt ended', error ? { ...ended, code: error.code, reason: error.message } : ended);
    this.span.end(error && new Error(error.message));
    const { startedAt, spent: usage } = this;
    const finishedAt = startedAt + durationMs;
    const report = { taskId, attempt, outcome, error, outputRef, startedAt, finishedAt, usage };
    this.listener.onReport(this, printReport(report, output));
    void this.saying?.close(SDK_LIMITS.STREAM_ENDED_MS);
  }

  private get stream(): AttemptStream {
    const { environment, dispatch } = this;
    const { taskId, attempt } = dispatch;
    this.saying ??= new AttemptStream({ taskId, attempt, swarmId: environment.swarm.id }, environment.stream);
    return this.saying;
  }

  private get desk(): SignalDesk {
    this.signalDesk ??= new SignalDesk(this.dispatch.signals ?? [], (name, error) =>
      this.log.error('the handler of a signal failed', { signal: name, error }),
    );
    return this.signalDesk;
  }

  private stopTimers(): void {
    this.cancelTimer?.();
    this.silence?.stop();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
