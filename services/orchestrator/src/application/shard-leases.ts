import { keys, MultiswarmError } from '@multiswarm/contracts';
import { every, within, type Cancel, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { rendezvousOrder, rendezvousTargets } from '../domain/fleet/rendezvous';
import { HeldLease, type LeaseKeeper } from './held-lease';
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
  /** Builds an owner that serves. `onLost`: it has found out by itself that it is none any more. */
  open(shard: number, lease: HeldLease, onLost: () => void): Promise<O>;
  /** The owner serves from now on, until the result is called. */
  serve(owner: O): Cancel;
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
  /** While Redis is away, or a shard cannot be opened, it is asked for again after this. */
  againMs: number;
}

/** One lease on its way from taken to given back. */
interface Held<O> {
  lease: HeldLease;
  state: 'opening' | 'serving' | 'closing';
  owner: O | undefined;
  stopServing: Cancel;
}

/** What this replica thinks of one shard. Times are monotonic milliseconds. */
interface Line {
  target: string | undefined;
  targetSince: number;
  /** Since when nobody says that he has it; undefined while somebody does. */
  freeSince: number | undefined;
  askAt: number;
  givenAt: number;
  /** A target that did not take it gets it the later, the more often that happened. */
  distrust: { target: string; until: number; waitMs: number } | undefined;
}

const LOOK_MS = 250;
/** Shards that are handed over at the same time, so that most of them serve at any time. */
const MOVES_AT_ONCE = 4;
/** A shard that was handed over counts as moving for so long, if its new owner has not been heard of before. */
const MOVE_MS = 2_000;
/** The clock of Redis counts whole milliseconds: a lease asked for a moment too early is another round. */
const EDGE_MS = 2;
const DISTRUST_MOST_MS = 5 * 60_000;
/** While a shard closes, Redis may be away: after so long it is given up instead. */
const CLOSE_MS = 5_000;

/**
 * The shards of this replica. Who should have which is told by rendezvous hashing over the live replicas; who has it is told by
 * the lease alone.
 *
 * P1. The target of a shard asks for its lease at once when nobody has it, and otherwise when it can have run out: no lease is
 *     polled.
 * P2. Others ask only when the target has had its chance: one after the other, in the order of their weights.
 * P3. A shard is handed over when its target has been another live replica, the same, for `stableMs`; a few at a time.
 * P4. A shard that is handed over stays answered until its owner has finished; then the lease is free, then the others are told.
 * P5. Whoever could not be reached for long gives its shards up: its lease alone serves nobody.
 */
export class ShardLeases<O extends OwnedShard> {
  private readonly held = new Map<number, Held<O>>();
  private readonly lines: Line[];
  private readonly timers: Cancel[] = [];
  private names = '';
  private stopped = false;

  constructor(
    private readonly shards: number,
    private readonly times: ShardTimes,
    private readonly replicas: Replicas,
    private readonly parts: ShardLeaseParts<O>,
  ) {
    const now = parts.clock.monotonic();
    this.lines = Array.from({ length: shards }, () => ({
      target: undefined,
      targetSince: now,
      freeSince: undefined,
      askAt: now + times.listenMs,
      givenAt: -Infinity,
      distrust: undefined,
    }));
  }

  start(): void {
    const { clock } = this.parts;
    this.timers.push(
      every(clock, LOOK_MS, () => this.look()),
      clock.after(this.times.listenMs, () => this.look()),
    );
  }

  /** The shards that this replica has and whose lease holds. */
  get owned(): number[] {
    return [...this.held].filter(([, { lease }]) => lease.holds()).map(([shard]) => shard);
  }

  owner(shard: number): O | undefined {
    return this.held.get(shard)?.owner;
  }

  *owners(): Generator<O> {
    for (const { owner } of this.held.values()) if (owner) yield owner;
  }

  /** Compares what is with what should be. To be called whenever something was heard of other replicas. */
  look(): void {
    if (this.stopped) return;
    const now = this.parts.clock.monotonic();
    this.aim(now);
    if (this.replicas.cutOff) return this.giveUpAll(); // P5
    for (let shard = 0; shard < this.shards; shard += 1) {
      const held = this.held.get(shard);
      if (held) this.considerMove(shard, held, now);
      else if (this.dueAt(shard) <= now) void this.ask(shard);
    }
  }

  /** Hands over everything. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timers.forEach((cancel) => cancel());
    await Promise.all([...this.held].map(([shard, held]) => this.handOver(shard, held)));
  }

  /** As if the process were gone: nothing is given back. */
  drop(): void {
    this.stopped = true;
    this.timers.forEach((cancel) => cancel());
    for (const { owner, stopServing } of this.held.values()) {
      stopServing();
      owner?.lose();
    }
    this.held.clear();
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
        if (line.target === this.replicas.self) this.askSoon(line, now);
      }
      const holder = this.held.has(shard) ? this.replicas.self : this.replicas.holder(shard);
      if (holder !== undefined) {
        line.freeSince = undefined;
        if (line.distrust?.target === holder) line.distrust = undefined;
      } else if (line.freeSince === undefined) {
        line.freeSince = now;
        if (line.target === this.replicas.self) this.askSoon(line, now); // P1
      }
    });
  }

  /** Sooner than planned, unless this replica still listens, or has the question under way. */
  private askSoon(line: Line, now: number): void {
    if (line.askAt !== Infinity && line.askAt > now && this.listened(now)) line.askAt = now;
  }

  private listened(now: number): boolean {
    return now >= this.startedAt + this.times.listenMs;
  }
}
