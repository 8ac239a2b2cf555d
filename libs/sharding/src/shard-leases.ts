import { MultiswarmError } from '@multiswarm/contracts';
import { every, within, type Cancel, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { rendezvousOrder, rendezvousTargets } from './rendezvous';
import { HeldLease, type LeaseElsewhere, type LeaseKeeper } from './held-lease';
import type { Replicas } from './replicas';

/** What whoever holds the lease of a shard needs of its owner. */
export interface OwnedShard {
  readonly shard: number;
  readonly epoch: number;
  /** Finishes what is under way; new commands are refused from now on. */
  close(): Promise<void>;
  /** The lease is gone: nothing of what is not committed counts. */
  lose(): void;
}

export interface ShardLeaseParts<O extends OwnedShard> {
  keeper: LeaseKeeper;
  /** Where the lease of a shard is kept. */
  keyOf: (shard: number) => string;
  /** Builds an owner that serves. `onLost`: it has found out by itself that it is none any more. */
  open(shard: number, lease: HeldLease, onLost: () => void): Promise<O>;
  /** The owner serves from now on, until the result is called. */
  serve(owner: O): Cancel;
  /** Opens the shard's subjects; the result closes them. */
  listen(owner: O): Cancel;
  clock: Clock;
  logger: Logger;
}

export interface ShardTimes {
  /** So long a newcomer listens who else is there before it takes anything. */
  listenMs: number;
  /** A shard is handed over once its target has been the same for so long. */
  stableMs: number;
  /** A shard that its target does not take for so long goes to the next in line, and so on. */
  graceMs: number;
  /** While the store of leases is away, or a shard cannot be opened, it is asked for again after this. */
  againMs: number;
}

/** One lease on its way from taken to given back. */
interface Held<O> {
  lease: HeldLease;
  state: 'opening' | 'serving' | 'closing';
  owner: O | undefined;
  stopServing: Cancel;
  /** Undefined while the shard's subjects are closed. */
  stopListening: Cancel | undefined;
}

/** What this replica thinks of one shard. Times are monotonic milliseconds. */
interface Line {
  target: string | undefined;
  targetSince: number;
  /** Since when nobody says that he has it; undefined while somebody does. */
  freeSince: number | undefined;
  askAt: number;
  /** What whoever has the lease, and says that he does not, is given to make that true; longer each time. */
  momentMs: number;
  givenAt: number;
  /** A target that did not take it gets it the later, the more often that happened. */
  distrust: { target: string; until: number; waitMs: number } | undefined;
}

const LOOK_MS = 250;
/** Shards that are handed over at the same time, so that most of them serve at any time. */
const MOVES_AT_ONCE = 4;
/** A shard that was handed over counts as moving for so long, where its new owner has not been heard of before. */
const MOVE_MS = 2_000;
/** A store may count whole milliseconds: to ask a moment too early would cost another round. */
const EDGE_MS = 2;
const MOMENT_MS = 10;
const DISTRUST_MOST_MS = 5 * 60_000;
/** An owner that cannot finish (its store is away) is given up after this. */
const CLOSE_MS = 5_000;

/**
 * The shards of this replica. Who should have which is told by rendezvous hashing over the live replicas; who has it is told
 * by the lease alone.
 *
 * P1. The target of a shard asks for its lease at once when nobody has it, and otherwise when it can have run out: no lease
 *     is polled.
 *     A lease that is said to be free and is not yet, as a release and the news of it cross a question, is asked for again soon.
 * P2. Others ask only when the target has had its chance: one after the other, in the order of their weights.
 * P3. A shard is handed over when its target has been another live replica, the same, for `stableMs`; a few at a time.
 * P4. A shard that is handed over stays answered until its owner has finished; then the lease is free, then the others are
 *     told.
 * P5. Whoever could not be reached for long gives its shards up: a lease alone serves nobody.
 * P6. While its lease does not hold an owner does not listen: somebody else may have the shard, and a refusal that comes first
 *     would hide his answer.
 */
export class ShardLeases<O extends OwnedShard> {
  private readonly held = new Map<number, Held<O>>();
  /** Not served any more, and their leases are not free yet. */
  private readonly releasing = new Set<number>();
  private readonly lines: Line[];
  private readonly asking = new Set<Promise<void>>();
  private readonly timers: Cancel[] = [];
  private readonly startedAt: number;
  private names: string | undefined;
  private stopped = false;

  constructor(
    private readonly shards: number,
    private readonly times: ShardTimes,
    private readonly replicas: Replicas,
    private readonly parts: ShardLeaseParts<O>,
  ) {
    const now = (this.startedAt = parts.clock.monotonic());
    this.lines = Array.from({ length: shards }, () => ({
      target: undefined,
      targetSince: now,
      freeSince: undefined,
      askAt: now + times.listenMs,
      momentMs: MOMENT_MS,
      givenAt: -Infinity,
      distrust: undefined,
    }));
  }

  start(): void {
    const { clock } = this.parts;
    const look = (): void => this.look();
    this.timers.push(every(clock, LOOK_MS, look), clock.after(this.times.listenMs, look));
  }

  /** The shards that this replica serves under a lease that holds. */
  get served(): number[] {
    return [...this.held]
      .filter(([, { state, lease }]) => state !== 'opening' && lease.holds())
      .map(([shard]) => shard);
  }

  /** The shards that others must not take to be free. P4. */
  get claimed(): number[] {
    return [...this.served, ...this.releasing];
  }

  owner(shard: number): O | undefined {
    return this.held.get(shard)?.owner;
  }

  owners(): O[] {
    return [...this.held.values()].flatMap(({ owner }) => (owner ? [owner] : []));
  }

  /** Compares what is with what should be. To be called whenever other replicas were heard of. */
  look(): void {
    if (this.stopped) return;
    const now = this.parts.clock.monotonic();
    this.aim(now);
    if (this.replicas.cutOff) return void this.handOverAll(); // P5
    const due: number[] = [];
    for (let shard = 0; shard < this.shards; shard += 1) {
      this.listenOrNot(shard);
      if (this.mayMove(shard, now)) void this.handOver(shard);
      else if (!this.held.has(shard) && this.dueAt(shard) <= now) due.push(shard);
    }
    if (due.length > 0) this.askFor(due);
  }

  /** Gives a shard up in order; whoever is its target takes it anew. */
  renew(shard: number): void {
    void this.handOver(shard).then(() => this.look());
  }

  /** Hands over everything. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timers.forEach((cancel) => cancel());
    await Promise.all(this.asking);
    await this.handOverAll();
  }

  /** As if the process were gone: nothing is given back, nothing is finished. */
  drop(): void {
    this.stopped = true;
    this.timers.forEach((cancel) => cancel());
    for (const shard of [...this.held.keys()]) this.end(shard);
  }

  /** Who should have what, and what is free. */
  private aim(now: number): void {
    const live = this.replicas.live();
    const names = live.join(' ');
    const targets = names === this.names ? undefined : rendezvousTargets(this.shards, live);
    this.names = names;
    this.lines.forEach((line, shard) => {
      if (targets && targets[shard] !== line.target) {
        line.target = targets[shard];
        line.targetSince = now;
        this.askSooner(line, now);
      }
      const holder = this.held.has(shard) ? this.replicas.self : this.replicas.holder(shard);
      if (holder !== undefined) {
        line.freeSince = undefined;
        if (line.distrust?.target === holder) line.distrust = undefined;
      } else if (line.freeSince === undefined) {
        line.freeSince = now;
        this.askSooner(line, now);
      }
    });
  }

  /** P1: something has changed, so what was planned does not count. */
  private askSooner(line: Line, now: number): void {
    line.momentMs = MOMENT_MS;
    const listened = now >= this.startedAt + this.times.listenMs;
    if (line.target === this.replicas.self && line.askAt !== Infinity && listened) line.askAt = now;
  }

  private dueAt(shard: number): number {
    const line = this.line(shard);
    const { self } = this.replicas;
    if (line.target === self) return line.askAt;
    if (line.freeSince === undefined) return Infinity;
    const others = this.replicas.live().filter((replica) => replica !== line.target);
    const place = rendezvousOrder(shard, others).indexOf(self) + 1;
    return place === 0 ? Infinity : Math.max(line.askAt, line.freeSince + place * this.times.graceMs); // P2
  }

  /** P3. */
  private mayMove(shard: number, now: number): boolean {
    const { target, targetSince, distrust } = this.line(shard);
    if (this.held.get(shard)?.state !== 'serving') return false;
    if (target === undefined || target === this.replicas.self) return false;
    if (now - targetSince < this.times.stableMs || this.moving(now) >= MOVES_AT_ONCE) return false;
    return distrust?.target !== target || now >= distrust.until;
  }

  private moving(now: number): number {
    const closing = [...this.held.values()].filter(({ state }) => state === 'closing').length;
    const given = this.lines.filter((line) => line.freeSince !== undefined && now - line.givenAt < MOVE_MS);
    return closing + given.length;
  }

  /** P6. */
  private listenOrNot(shard: number): void {
    const held = this.held.get(shard);
    if (!held?.owner || held.state !== 'serving') return;
    if (held.lease.holds()) held.stopListening ??= this.parts.listen(held.owner);
    else this.stopListening(held);
  }

  private stopListening(held: Held<O>): void {
    held.stopListening?.();
    held.stopListening = undefined;
  }

  private askFor(shards: readonly number[]): void {
    for (const shard of shards) this.line(shard).askAt = Infinity;
    const asked = Promise.allSettled(shards.map((shard) => this.ask(shard))).then((results) => {
      const failed = results.find((result) => result.status === 'rejected');
      if (failed)
        this.parts.logger.warn('shards were not taken', { shards, error: failed.reason as unknown });
      this.asking.delete(asked);
    });
    this.asking.add(asked);
  }

  private async ask(shard: number): Promise<void> {
    const { keeper, keyOf, clock } = this.parts;
    const line = this.line(shard);
    try {
      const answer = await keeper.acquire(keyOf(shard), (lease) => this.lost(shard, lease));
      if (answer instanceof HeldLease) {
        await this.take(shard, answer);
        return;
      }
      const waitMs = this.waitFor(answer, line);
      line.askAt = clock.monotonic() + waitMs;
      this.lookIn(waitMs);
    } catch (error) {
      line.askAt = clock.monotonic() + this.times.againMs;
      throw error;
    }
  }

  /** P1. Who lives, or has left, and does not say that he has the shard, is about to give its lease back, or to serve it. */
  private waitFor({ owner, remainingMs }: LeaseElsewhere, line: Line): number {
    const endMs = remainingMs + EDGE_MS;
    if (line.freeSince === undefined || !this.replicas.isAccountedFor(owner)) return endMs;
    const { momentMs } = line;
    line.momentMs = momentMs * 2;
    return Math.min(endMs, momentMs);
  }

  private lookIn(ms: number): void {
    this.parts.clock.after(ms, () => this.look());
  }

  private async take(shard: number, lease: HeldLease): Promise<void> {
    if (this.stopped) return this.release(shard, lease);
    const held: Held<O> = {
      ...{ lease, state: 'opening', owner: undefined },
      ...{ stopServing: () => undefined, stopListening: undefined },
    };
    this.held.set(shard, held);
    this.noteAbsence(shard);
    try {
      const owner = await this.parts.open(shard, lease, () => this.lost(shard, lease));
      if (this.held.get(shard) !== held) {
        owner.lose();
        return;
      }
      held.owner = owner;
      held.stopServing = this.parts.serve(owner);
      held.state = 'serving';
      this.listenOrNot(shard);
    } catch (error) {
      this.end(shard);
      await this.release(shard, lease);
      throw error;
    }
    this.line(shard).askAt = 0;
    this.replicas.announce();
  }

  /** The target did not take it: it will be offered to it again, later each time. */
  private noteAbsence(shard: number): void {
    const line = this.line(shard);
    line.freeSince = undefined;
    if (line.target === undefined || line.target === this.replicas.self) return;
    const before = line.distrust?.target === line.target ? line.distrust.waitMs : this.times.stableMs / 2;
    const waitMs = Math.min(DISTRUST_MOST_MS, before * 2);
    line.distrust = { target: line.target, until: this.parts.clock.monotonic() + waitMs, waitMs };
  }

  private async handOverAll(): Promise<void> {
    await Promise.all([...this.held.keys()].map((shard) => this.handOver(shard)));
  }

  /** P4. */
  private async handOver(shard: number): Promise<void> {
    const held = this.held.get(shard);
    if (held?.state !== 'serving' || !held.owner) return;
    held.state = 'closing';
    await within(this.parts.clock, CLOSE_MS, held.owner.close(), () => undefined).catch((error: unknown) =>
      this.parts.logger.warn('a shard was not closed in order', { shard, error }),
    );
    if (this.held.get(shard) !== held) return;
    this.releasing.add(shard);
    this.end(shard);
    const line = this.line(shard);
    line.givenAt = line.freeSince = this.parts.clock.monotonic();
    await this.release(shard, held.lease);
    this.releasing.delete(shard);
    this.replicas.announce();
  }

  /** Somebody else has it, or its owner found that it cannot go on. */
  private lost(shard: number, lease: HeldLease): void {
    if (this.held.get(shard)?.lease !== lease) return;
    this.parts.logger.warn('a shard was lost', { shard, epoch: lease.epoch });
    this.end(shard);
    this.line(shard).askAt = this.parts.clock.monotonic() + this.times.againMs;
    void this.release(shard, lease);
    this.replicas.announce();
  }

  private end(shard: number): void {
    const held = this.held.get(shard);
    if (!held) return;
    this.held.delete(shard);
    this.stopListening(held);
    held.stopServing();
    held.owner?.lose();
  }

  private async release(shard: number, lease: HeldLease): Promise<void> {
    await this.parts.keeper
      .release(lease)
      .catch((error: unknown) => this.parts.logger.warn('lease of shard not released', { shard, error }));
  }

  private line(shard: number): Line {
    const line = this.lines[shard];
    if (!line) throw new MultiswarmError('internal', `there is no shard ${shard}`);
    return line;
  }
}
