import { MultiswarmError } from '@multiswarm/contracts';
import { deferred, type Cancel, type Clock, type Deferred } from '@multiswarm/core';
import type { Batch, CommitResult, ShardStore, Write } from '../ports';
import { BATCH_WEIGHT, weightOf } from './batch-weight';
import { numbersOf } from './event-batches';

interface Unit {
  writes: Write[];
  done: Deferred<number>;
}

/** A batch on its way to Redis, or units that only wait for those before them (G5). */
interface Flight {
  batch: Batch | undefined;
  /** What its units resolve with. */
  batchSeq: number;
  units: Unit[];
  startedAt: number;
  /** All before it was confirmed when it was sent. */
  alone: boolean;
  /** Undefined while Redis is asked. */
  answer: CommitResult | Away | Broken | undefined;
}

/** Nobody knows whether the batch was applied. */
interface Away {
  away: unknown;
}

/** Redis refused the script itself. */
interface Broken {
  broken: unknown;
}

/** How long a change that nobody waits for may wait for another one to travel with. */
const LAZY_MS = 20;
const RETRY_MS = { first: 50, most: 1_000 };
/** Batches of a shard that may be under way at once. */
const UNDER_WAY = 4;

/**
 * The group commit of one shard: what a turn of the event loop brings goes together, and the next batch need not wait for the
 * answer to the one before.
 *
 * G1. Units are committed in the order in which they were given, each whole. Every batch names the one before it, and Redis
 *     applies nothing of it where that one is missing; so what is committed is always a beginning of what was given.
 * G2. A flush whose answer got lost is sent again with the identical batch; its number makes the repetition harmless.
 * G3. After `stale` nothing more is committed: everything not committed is rejected, and `onStale` is called once.
 * G4. `done` of a unit resolves only after Redis has confirmed the batch that carries it, and all before it.
 * G5. A unit without writes costs Redis nothing: it resolves when all that was given before it is confirmed.
 * G6. A lazy unit goes with the next batch that leaves anyway, at the latest after `LAZY_MS`; its place in the order is kept.
 * G7. What is more than a batch may weigh is sent batch after batch, so that Redis is never kept from others for long.
 */
export class Committer {
  private waiting: Unit[] = [];
  private readonly underWay: Flight[] = [];
  /** G7: more waits than the last batch could take. */
  private heavy = false;
  private leaving = false;
  private lazyTimer: Cancel | undefined;
  private pausing: Cancel | undefined;
  private pauseMs = RETRY_MS.first;
  private idle: Deferred<void>[] = [];
  private dead: MultiswarmError | undefined;

  /** @param batchSeq of the last batch that is committed */
  constructor(
    private readonly shard: number,
    private readonly epoch: number,
    private batchSeq: number,
    private readonly store: Pick<ShardStore, 'commit' | 'atTurnEnd'>,
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
    if (this.isIdle()) return;
    const idle = deferred<void>();
    this.idle.push(idle);
    await idle.promise;
  }

  /** G3, from outside: the lease is gone or the process stops. What Redis is still asked about may yet be confirmed. */
  kill(reason: MultiswarmError): void {
    if (this.dead) return;
    this.dead = reason;
    this.lazyTimer?.();
    reject(this.waiting.splice(0), reason);
    if (this.pausing) this.giveUp(reason);
    else this.tellIdle();
  }

  /** At the end of this turn of the event loop: what it still brings goes along. */
  private flush(): void {
    this.lazyTimer?.();
    this.lazyTimer = undefined;
    if (this.leaving || this.waiting.length === 0) return;
    this.leaving = true;
    this.store.atTurnEnd(() => {
      this.leaving = false;
      while (this.waiting.length > 0 && this.hasRoom()) this.send(this.cut());
    });
  }

  private hasRoom(): boolean {
    if (this.underWay.length === 0) return true;
    return !this.heavy && this.pausing === undefined && this.underWay.length < UNDER_WAY;
  }

  private send(units: Unit[]): void {
    const writes = allWrites(units);
    const after = this.batchSeq;
    if (writes.length > 0) this.batchSeq += numbersOf(writes);
    const { shard, epoch, batchSeq } = this;
    const batch = writes.length > 0 ? { shard, epoch, after, batchSeq, writes } : undefined;
    const startedAt = this.clock.monotonic();
    const flight: Flight = { batch, batchSeq, units, startedAt, alone: false, answer: undefined };
    this.underWay.push(flight);
    void this.ask(flight);
  }

  private async ask(flight: Flight): Promise<void> {
    flight.alone = flight === this.underWay[0];
    flight.answer = undefined;
    flight.answer = flight.batch ? await this.answerTo(flight.batch) : 'applied';
    this.advance();
  }

  private async answerTo(batch: Batch): Promise<CommitResult | Away | Broken> {
    try {
      return await this.store.commit(batch);
    } catch (error) {
      const away = error instanceof MultiswarmError && error.code === 'store-unavailable';
      return away ? { away: error } : { broken: error };
    }
  }

  /** Draws the conclusions from what has been answered, in the order in which it was given. */
  private advance(): void {
    if (this.pausing) return;
    for (let first = this.underWay[0]; first?.answer; first = this.underWay[0]) {
      const { answer } = first;
      if (answer !== 'committed' && answer !== 'applied') return this.stumble(first, answer);
      this.underWay.shift();
      this.confirm(first);
    }
    if (this.underWay.length === 0) this.heavy = false;
    this.flush();
    this.tellIdle();
  }

  private confirm({ batch, batchSeq, units, startedAt }: Flight): void {
    this.pauseMs = RETRY_MS.first;
    if (batch) this.on.committed(batch, this.clock.monotonic() - startedAt);
    for (const unit of units) unit.done.resolve(batchSeq);
  }

  private stumble({ alone }: Flight, answer: 'stale' | 'gap' | Away | Broken): void {
    if (answer === 'stale') this.end('stale-epoch', `another owner has taken shard ${this.shard}`);
    else if (answer === 'gap' && alone) this.end('store-unavailable', this.lostText());
    else if (answer !== 'gap' && 'broken' in answer) {
      const text = `Redis refused a commit of shard ${this.shard}: ${String(answer.broken)}`;
      this.end('store-unavailable', text, answer.broken);
    } else if (this.dead) this.giveUp(this.dead);
    else if (answer === 'gap') this.askAgain();
    else this.pause(answer.away);
  }

  /** G2. */
  private pause(reason: unknown): void {
    this.on.retry(reason);
    this.pausing = this.clock.after(this.pauseMs, () => {
      this.pausing = undefined;
      this.askAgain();
    });
    this.pauseMs = Math.min(RETRY_MS.most, this.pauseMs * 2);
  }

  /** All that was not applied, as far as is known, in its order. */
  private askAgain(): void {
    for (const flight of this.underWay) {
      const { answer } = flight;
      if (answer !== undefined && answer !== 'committed' && answer !== 'applied') void this.ask(flight);
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
    this.heavy = count < this.waiting.length;
    return this.waiting.splice(0, count);
  }

  private weightAt(index: number): number {
    return weightOf(this.waiting[index]?.writes ?? []);
  }

  /** Memory and disk no longer agree, or the shard has another owner: this one must not go on. */
  private end(code: 'stale-epoch' | 'store-unavailable', text: string, cause?: unknown): void {
    const reason = new MultiswarmError(code, text, { cause });
    const isFirst = !this.dead;
    this.giveUp(reason);
    this.kill(reason);
    if (isFirst) this.on.stale();
  }

  private lostText(): string {
    return `Redis has lost commits of shard ${this.shard} that it had confirmed`;
  }

  private giveUp(reason: MultiswarmError): void {
    this.pausing?.();
    this.pausing = undefined;
    for (const { units } of this.underWay.splice(0)) reject(units, reason);
    this.tellIdle();
  }

  private isIdle(): boolean {
    return this.waiting.length + this.underWay.length === 0;
  }

  private tellIdle(): void {
    if (this.isIdle()) for (const idle of this.idle.splice(0)) idle.resolve();
  }
}

function reject(units: readonly Unit[], reason: MultiswarmError): void {
  for (const unit of units) unit.done.reject(reason);
}

function allWrites(units: readonly Unit[]): Write[] {
  const [first, ...rest] = units;
  return first && rest.length === 0 ? first.writes : units.flatMap(({ writes }) => writes);
}
