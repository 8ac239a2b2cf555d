import type { Bus } from '@multiswarm/bus';
import {
  asMultiswarmError,
  ReportReply,
  subjects,
  type AttemptRef,
  type AttemptReport,
} from '@multiswarm/contracts';
import {
  backoffMs,
  Batcher,
  chunkByBytes,
  delay,
  type Backoff,
  type Clock,
  type Random,
} from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { SDK_LIMITS } from '../limits';
import { ReportBuffer, type PendingReport } from './report-buffer';

export interface ReporterOptions {
  bus: Bus;
  swarmId: string;
  clock: Clock;
  random: Random;
  log: Logger;
  onAcknowledged: (ref: AttemptRef) => void;
}

const REPORT_BACKOFF: Backoff = { initialMs: 50, factor: 2, maxMs: 2_000, jitter: 0.3 };
const REPORT_TIMEOUT_MS = 5_000;

/**
 * Tells the owners of the shards how attempts ended, again and again until they say that they know.
 * One batch per shard is under way at a time; while a shard does not answer, only its own reports wait.
 */
export class Reporter {
  private readonly buffer = new ReportBuffer();
  private readonly shards = new Map<number, Batcher<PendingReport>>();
  private readonly failures = new Map<number, number>();
  private readonly waiters = new Set<() => void>();
  private wakeUp = new AbortController();
  private closed = false;

  constructor(private readonly options: ReporterOptions) {}

  get full(): boolean {
    return this.buffer.full;
  }

  get unacknowledged(): number {
    return this.buffer.size;
  }

  report(shard: number, report: AttemptReport): void {
    this.batcher(shard).add(this.buffer.add(shard, report));
  }

  /** Tries at once what waits for its next try: the connection is back. */
  wake(): void {
    this.wakeUp.abort();
    this.wakeUp = new AbortController();
  }

  /** Resolves to true when all is acknowledged, to false when it is not within `ms`. */
  async flushed(ms: number): Promise<boolean> {
    if (this.buffer.size === 0) return true;
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.waiters.delete(done);
        resolve(true);
      };
      const cancel = this.options.clock.after(ms, () => {
        this.waiters.delete(done);
        resolve(false);
      });
      this.waiters.add(done);
    });
  }

  close(): void {
    this.closed = true;
    this.wake();
  }

  private batcher(shard: number): Batcher<PendingReport> {
    const known = this.shards.get(shard);
    if (known) return known;
    const batcher = new Batcher<PendingReport>(
      (items) => this.deliver(shard, items),
      SDK_LIMITS.REPORT_BATCH,
      (error) => this.options.log.error('a batch of reports could not be handled', { error, shard }),
    );
    this.shards.set(shard, batcher);
    return batcher;
  }

  private async deliver(shard: number, items: PendingReport[]): Promise<void> {
    for (const chunk of chunkByBytes(items, ({ bytes }) => bytes, {
      bytes: SDK_LIMITS.BATCH_BYTES,
      items: SDK_LIMITS.REPORT_BATCH,
    }))
      await this.send(shard, chunk);
    const left = items.filter(({ report }) => this.buffer.has(report));
    if (left.length === 0) {
      this.failures.delete(shard);
      return;
    }
    const failures = (this.failures.get(shard) ?? 0) + 1;
    this.failures.set(shard, failures);
    await this.pause(backoffMs(REPORT_BACKOFF, failures, this.options.random));
    if (!this.closed) for (const item of left) this.batcher(shard).add(item);
  }

  private async send(shard: number, chunk: PendingReport[]): Promise<void> {
    const { bus, swarmId, log } = this.options;
    if (this.closed) return;
    try {
      const body = { v: 1, swarmId, reports: chunk.map(({ report }) => report) };
      const { acks } = await bus.request(subjects.shardReport(shard), body, {
        reply: ReportReply,
        timeoutMs: REPORT_TIMEOUT_MS,
      });
      for (const ack of acks) this.acknowledge(ack);
    } catch (error) {
      const { retryable } = asMultiswarmError(error);
      log[retryable ? 'debug' : 'error']('a report was not acknowledged, it is repeated', {
        error,
        shard,
        reports: chunk.length,
      });
      // One report that its owner cannot read must not hold up the others of its batch.
      if (!retryable && chunk.length > 1) for (const item of chunk) await this.send(shard, [item]);
    }
  }

  private acknowledge(ref: AttemptRef): void {
    if (!this.buffer.acknowledge(ref)) return;
    this.options.onAcknowledged(ref);
    if (this.buffer.size === 0) for (const resolve of [...this.waiters]) resolve();
  }

  /** Ends early when woken. */
  private async pause(ms: number): Promise<void> {
    await delay(this.options.clock, ms, this.wakeUp.signal).catch(() => undefined);
  }
}
