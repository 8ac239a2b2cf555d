import type { ReplicaAlive } from '@multiswarm/contracts';
import { every, type Cancel, type Clock } from '@multiswarm/core';

/** How replicas hear of each other. */
export interface ReplicaVoice {
  announce(alive: ReplicaAlive): void;
  /** Whether anybody could hear us, or we them. */
  connected(): boolean;
}

export interface ReplicaTimes {
  /** Between two signs of life. */
  aliveMs: number;
  /** After so long a silence a replica is dead. */
  deadMs: number;
  /** A replica that cannot speak to the others for so long leaves its work to them. */
  cutOffMs: number;
}

interface Other {
  heardAt: number;
  leaving: boolean;
  shards: ReadonlySet<number>;
}

const LOOKS_PER_PERIOD = 4;
/** Names of replicas that have left, so that a late message does not bring one back. */
const LEFT_NAMES = 1_000;

/**
 * Who takes part: the replicas of one service, as they say themselves. Silence is judged by the monotonic clock.
 *
 * R1. A replica that leaves is gone for good: its name is never used again, whatever arrives late.
 * R2. Nobody is dead for what this process could not hear: after a pause, or without NATS, everybody has a full period again.
 * R3. This replica lives by definition, until it leaves.
 */
export class Replicas {
  private readonly others = new Map<string, Other>();
  private readonly left = new Set<string>();
  private readonly timers: Cancel[] = [];
  private readonly startedAt: number;
  private leaving = false;
  private lookedAt: number;
  private connectedAt: number;
  private announcing = false;
  private ended = false;

  constructor(
    readonly self: string,
    private readonly times: ReplicaTimes,
    private readonly clock: Clock,
    private readonly voice: ReplicaVoice,
    /** The shards that this replica has. */
    private readonly shards: () => number[],
    private readonly onChange: () => void,
  ) {
    this.startedAt = clock.now();
    this.lookedAt = this.connectedAt = clock.monotonic();
  }

  start(): void {
    this.timers.push(
      every(this.clock, this.times.aliveMs, () => this.speak()),
      every(this.clock, this.times.deadMs / LOOKS_PER_PERIOD, () => this.look()),
    );
    this.speak();
  }

  /** Says what this replica has, once this turn is over, however often it is asked to. */
  announce(): void {
    if (this.announcing) return;
    this.announcing = true;
    this.clock.soon(() => {
      this.announcing = false;
      this.speak();
    });
  }

  observe({ replica, leaving, shards }: ReplicaAlive): void {
    if (replica === this.self || this.left.has(replica)) return; // R1
    const known = this.others.get(replica);
    if (leaving && shards.length === 0) this.forget(replica);
    else
      this.others.set(replica, {
        heardAt: this.clock.monotonic(),
        leaving: leaving || known?.leaving === true,
        shards: new Set(shards),
      });
    // Who is new knows nobody yet.
    if (!known && !leaving) this.announce();
    this.onChange();
  }

  /** Who may be given work, in order of their names. */
  live(): string[] {
    const live = [...this.others].filter(([, { leaving }]) => !leaving).map(([replica]) => replica);
    if (!this.leaving) live.push(this.self);
    return live.sort();
  }

  /** Another replica that says that it has this shard. */
  holder(shard: number): string | undefined {
    for (const [replica, { shards }] of this.others) if (shards.has(shard)) return replica;
    return undefined;
  }

  has(replica: string): boolean {
    return this.others.has(replica);
  }

  /** Whether it is known what became of this one: it lives, or has left. One that died has done neither. */
  isAccountedFor(replica: string): boolean {
    return this.others.has(replica) || this.left.has(replica);
  }

  /** There are others, and they have been out of reach for so long that they will have to go on without us. */
  get cutOff(): boolean {
    if (this.voice.connected() || this.others.size === 0) return false;
    return this.clock.monotonic() - this.connectedAt > this.times.cutOffMs;
  }

  /** From now on this replica gives away what it has. */
  leave(): void {
    this.leaving = true;
    this.speak();
  }

  /** The last word. */
  stop(): void {
    this.timers.forEach((cancel) => cancel());
    this.speak();
    this.ended = true;
  }

  drop(): void {
    this.timers.forEach((cancel) => cancel());
    this.ended = true;
  }

  private speak(): void {
    if (this.ended || !this.voice.connected()) return;
    const { self: replica, startedAt, leaving } = this;
    this.voice.announce({ v: 1, replica, startedAt, leaving, shards: this.shards() });
  }

  private look(): void {
    const now = this.clock.monotonic();
    const connected = this.voice.connected();
    if (connected) this.connectedAt = now;
    const blind = !connected || now - this.lookedAt > this.times.deadMs / 2;
    this.lookedAt = now;
    let changed = false;
    for (const [replica, other] of this.others) {
      if (blind)
        other.heardAt = now; // R2
      else if (now - other.heardAt > this.times.deadMs) changed = this.others.delete(replica) || changed;
    }
    if (changed) this.onChange();
  }

  private forget(replica: string): void {
    this.others.delete(replica);
    this.left.add(replica);
    if (this.left.size <= LEFT_NAMES) return;
    for (const oldest of this.left) {
      this.left.delete(oldest);
      break;
    }
  }
}
