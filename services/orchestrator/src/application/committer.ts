import { MultiswarmError } from '@multiswarm/contracts';
import { deferred, delay, type Cancel, type Clock, type Deferred } from '@multiswarm/core';
import type { Batch, ShardStore, Write } from '../ports';
import { BATCH_WEIGHT, weightOf } from './batch-weight';
import { numbersOf } from './event-batches';

interface Unit {
  writes: Write[];
  done: Deferred<number>;
}

/** How long a change that nobody waits for may wait for another one to travel with. */
const LAZY_MS = 20;
const RETRY_MS = { first: 50, most: 1_000 };

/**
 * The group commit of one shard: while one flush is under way the next one gathers.
 *
 * G1. Units are committed in the order in which they were given, each whole.
 * G2. A flush whose answer got lost is sent again with the identical batch; its number makes the repetition harmless.
 * G3. After `stale` nothing more is committed: everything not committed is rejected, and `onStale` is called once.
 * G4. `done` of a unit resolves only after Redis has confirmed the batch that carries it.
 * G5. A unit without writes costs Redis nothing: it resolves when all that was given before it is confirmed.
 * G6. A lazy unit goes with the next batch that leaves anyway, at the latest after `LAZY_MS`; its place in the order is kept.
 */
export class Committer {
  private waiting: Unit[] = [];
  private flushing: Promise<void> | undefined;
  private lazyTimer: Cancel | undefined;
  private dead: MultiswarmError | undefined;

  constructor(
    private readonly shard: number,
    private readonly epoch: number,
    private batchSeq: number,
    private readonly store: ShardStore,
    private readonly clock: Clock,
    private readonly on: {
      stale: () => void;
      committed: (batch: Batch, durationMs: number) => void;
      retry: (error: unknown) => void;
    },
  ) {}

  /** Resolves with the number of the batch that carried the writes. `lazy`: G6. */
  commit(writes: Write[], lazy = false): Promise<number> {
    if (this.dead) return Promise.reject(this.dead);
    const unit: Unit = { writes, done: deferred() };
    this.waiting.push(unit);
    if (lazy) this.lazyTimer ??= this.clock.after(LAZY_MS, () => this.flush());
    else this.flush();
    return unit.done.promise;
  }

  /** Resolves when nothing waits and nothing is under way. */
  async settled(): Promise<void> {
    this.flush();
    while (this.flushing) await this.flushing;
  }

  /** G3, from outside: the lease is gone or the process stops. */
  kill(reason: MultiswarmError): void {
    if (this.dead) return;
    this.dead = reason;
    this.lazyTimer?.();
    for (const unit of this.waiting.splice(0)) unit.done.reject(reason);
  }

  private flush(): void {
    this.lazyTimer?.();
    this.lazyTimer = undefined;
    if (this.waiting.length > 0) this.flushing ??= this.run();
  }

  private async run(): Promise<void> {
    // One turn of the event loop: what this turn still brings goes with the first batch.
    await new Promise<void>((resolve) => {
      this.clock.soon(resolve);
    });
    while (this.waiting.length > 0 && !this.dead) {
      const units = this.cut();
      const writes = allWrites(units);
      if (writes.length === 0) {
        for (const unit of units) unit.done.resolve(this.batchSeq); // G5
        continue;
      }
      const batch: Batch = {
        shard: this.shard,
        epoch: this.epoch,
        batchSeq: this.batchSeq + numbersOf(writes),
        writes,
      };
      await this.send(batch, units);
    }
    this.flushing = undefined;
  }

  private async send(batch: Batch, units: Unit[]): Promise<void> {
    const started = this.clock.monotonic();
    for (let wait: number = RETRY_MS.first; ; wait = Math.min(RETRY_MS.most, wait * 2)) {
      try {
        const result = await this.store.commit(batch);
        if (result === 'stale') return void this.onStale(units);
        this.batchSeq = batch.batchSeq;
        this.on.committed(batch, this.clock.monotonic() - started);
        for (const unit of units) unit.done.resolve(batch.batchSeq);
        return;
      } catch (error) {
        if (!(error instanceof MultiswarmError) || error.code !== 'store-unavailable')
          return void this.onBroken(error, units);
        this.on.retry(error);
        await delay(this.clock, wait); // G2
        if (this.dead) return void this.rejectAll(units, this.dead);
      }
    }
  }

  /** A unit goes whole: the first of a batch is weighed only where there is another one that might go with it. */
  private cut(): Unit[] {
    let weight = 0;
    let count = 1;
    for (; count < this.waiting.length; count += 1) {
      if (count === 1) weight = this.weightAt(0);
      weight += this.weightAt(count);
      if (weight > BATCH_WEIGHT) break;
    }
    return this.waiting.splice(0, count);
  }

  private weightAt(index: number): number {
    return weightOf(this.waiting[index]?.writes ?? []);
  }

  private onStale(units: Unit[]): void {
    const reason = new MultiswarmError('stale-epoch', `another owner has taken shard ${this.shard}`);
    this.rejectAll(units, reason);
    this.kill(reason);
    this.on.stale();
  }

  /** Redis refused the script itself: memory and disk no longer agree, so this owner must not go on. */
  private onBroken(error: unknown, units: Unit[]): void {
    const reason = new MultiswarmError(
      'store-unavailable',
      `Redis refused a commit of shard ${this.shard}: ${String(error)}`,
      { cause: error },
    );
    this.rejectAll(units, reason);
    this.kill(reason);
    this.on.stale();
  }

  private rejectAll(units: Unit[], reason: MultiswarmError): void {
    for (const unit of units) unit.done.reject(reason);
  }
}

function allWrites(units: readonly Unit[]): Write[] {
  const [first, ...rest] = units;
  return first && rest.length === 0 ? first.writes : units.flatMap(({ writes }) => writes);
}
