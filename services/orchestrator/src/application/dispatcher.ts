import {
  MultiswarmError,
  type AttemptDispatch,
  type AttemptRef,
  type ControlRequest,
  type DispatchOutcome,
  type DispatchRequest,
} from '@multiswarm/contracts';
import { Batcher, chunkByBytes, delay, jsonBytes, type Clock } from '@multiswarm/core';
import type { Regions } from '../ports';

const BATCH_ATTEMPTS = 256;
/** Bytes of the inputs in one message: well under the 1 MiB that NATS carries. */
const BATCH_BYTES = 512 * 1024;
/** What a dispatch has beside its input: ids, names, resources. */
const ENVELOPE_BYTES = 1_024;
const RETRY_MS = { first: 100, most: 1_000 };

export interface DispatcherOptions {
  shard: number;
  epoch: number;
  /** Subject on which this process takes reports for all its shards. */
  reportTo: string;
  /** How long a region may owe an answer. */
  giveUpMs: number;
  /** The newest epoch of a region that is known here. */
  epochOf: (region: string) => number | undefined;
}

/**
 * Takes committed attempts to the coordinators of their regions, together what was committed together.
 * A dispatch that gets no answer is repeated with the same attempt number (a swarm accepts one number once) until
 * `giveUpMs`; then its outcome is `unreachable`, and the owner commits the next number before anyone else may run it.
 * What nobody can have received in all that time is `refused` instead: it has begun nowhere, and that a region has no
 * coordinator must not use up the attempts that its tasks may lose.
 *
 * X1. What may have been received is repeated to the same coordinator, or as a question: another one would offer the attempt
 *     a second time, which the first may have sent elsewhere.
 */
export class Dispatcher {
  private readonly regions = new Map<string, Batcher<AttemptDispatch>>();

  constructor(
    private readonly options: DispatcherOptions,
    private readonly port: Regions,
    private readonly clock: Clock,
    private readonly on: { outcomes: (outcomes: DispatchOutcome[]) => void; fault: (error: unknown) => void },
  ) {}

  /** The message that carries these attempts. */
  request(attempts: AttemptDispatch[]): DispatchRequest {
    const { shard, epoch, reportTo } = this.options;
    return { v: 1, shard, epoch, reportTo, attempts };
  }

  send(region: string, attempt: AttemptDispatch): void {
    let batcher = this.regions.get(region);
    if (!batcher) {
      batcher = new Batcher<AttemptDispatch>(
        (attempts) => this.sendAll(region, attempts),
        BATCH_ATTEMPTS,
        (error) => this.on.fault(error),
      );
      this.regions.set(region, batcher);
    }
    batcher.add(attempt);
  }

  /** Best effort and repeated for a while: the report or the loss of the attempt ends the task in any case. */
  cancel(region: string, swarmId: string, attempt: AttemptRef & { reason: string }): void {
    this.control(region, swarmId, { v: 1, kind: 'cancel', attempts: [attempt] });
  }

  control(region: string, swarmId: string, control: ControlRequest): void {
    void this.retrying(() => this.port.control(region, swarmId, control)).catch((error: unknown) =>
      this.on.fault(error),
    );
  }

  private async sendAll(region: string, attempts: AttemptDispatch[]): Promise<void> {
    for (const part of chunkByBytes(attempts, bytesOf, { bytes: BATCH_BYTES })) {
      // Not awaited: a slow swarm must not hold up the attempts of the next batch; the swarm's admission bounds what is under way.
      void this.deliver(region, part).then(this.on.outcomes);
    }
    await Promise.resolve();
  }

  /** Never rejects: what was not answered has an outcome too. */
  private async deliver(region: string, attempts: AttemptDispatch[]): Promise<DispatchOutcome[]> {
    let repetition: DispatchRequest | undefined;
    try {
      return await this.retrying(async () => {
        const request = repetition ?? this.first(region, attempts);
        try {
          return await this.port.dispatch(region, request);
        } catch (error) {
          const reachedNobody = error instanceof MultiswarmError && error.code === 'region-unavailable';
          if (!reachedNobody) repetition ??= asRepetition(request); // X1
          throw error;
        }
      });
    } catch (error) {
      this.on.fault(error);
      const outcome = repetition ? 'unreachable' : 'refused';
      const reason = this.whyNot(region, error);
      return attempts.map(({ taskId, attempt }) => ({ taskId, attempt, outcome, reason }));
    }
  }

  private first(region: string, attempts: AttemptDispatch[]): DispatchRequest {
    const regionEpoch = this.options.epochOf(region);
    const request = this.request(attempts);
    return regionEpoch === undefined ? request : { ...request, regionEpoch };
  }

  private whyNot(region: string, error: unknown): string {
    if (error instanceof MultiswarmError && (!error.retryable || error.code === 'region-unavailable'))
      return error.message;
    return `region ${region} did not answer for ${this.options.giveUpMs} ms`;
  }

  private async retrying<T>(action: () => Promise<T>): Promise<T> {
    const deadline = this.clock.monotonic() + this.options.giveUpMs;
    for (let wait: number = RETRY_MS.first; ; wait = Math.min(RETRY_MS.most, wait * 2)) {
      try {
        return await action();
      } catch (error) {
        const final = error instanceof MultiswarmError && !error.retryable;
        if (final || this.clock.monotonic() + wait > deadline) throw error;
        await delay(this.clock, wait);
      }
    }
  }
}

/** Only one coordinator takes up a request that names its epoch; of any other, nobody knows who has received it. */
function asRepetition(request: DispatchRequest): DispatchRequest {
  if (request.regionEpoch !== undefined) return request;
  return { ...request, attempts: request.attempts.map((attempt) => ({ ...attempt, again: true })) };
}

function bytesOf(attempt: AttemptDispatch): number {
  return jsonBytes(attempt.input) + ENVELOPE_BYTES;
}
