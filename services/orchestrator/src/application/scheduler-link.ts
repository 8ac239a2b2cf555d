import type { AttemptRef, SchedulerChanges, SchedulerChangesReply } from '@multiswarm/contracts';
import type { Cancel, Clock } from '@multiswarm/core';
import type { Fetched, FreedSlot, SchedulerLink } from '../ports';
import type { ToldChange } from './scheduler-changes';
import type { SchedulerInbox } from './scheduler-inbox';
import { ShardStream, type Destination, type SnapshotSource } from './scheduler-stream';

/** The scheduler, where it is in this process. */
export interface LocalScheduler {
  readonly inbox: SchedulerInbox;
  readonly scheduler: {
    capacityChanged: SchedulerLink['capacityChanged'];
    fetch(freed: readonly FreedSlot[]): Fetched[];
    refused(shard: number, refs: readonly AttemptRef[]): void;
    /** How many tasks wait. */
    readonly queued: number;
  };
}

export interface LinkParts {
  replica: string;
  shards: number;
  clock: Clock;
  /** To the scheduler, wherever it runs. */
  send(changes: SchedulerChanges): Promise<SchedulerChangesReply>;
  onFault(error: unknown): void;
}

/** Changes that one replica keeps for a scheduler that does not answer, over all its shards, and at least of each. */
const UNTOLD = { ofReplica: 200_000, ofShard: 1_000 };

/**
 * The scheduler, as the owners of this replica see it: in this process, or over the bus.
 *
 * L1. Every shard has a stream of its own; one that begins, and every one when a scheduler takes office, begins with all that
 *     the shard has.
 * L2. A scheduler that is older than one heard of is no scheduler any more.
 * L3. A slot is filled at once only from a shard of this replica of which the scheduler has heard from its present owner: what
 *     it knows of others it grants the ordinary way.
 */
export class StreamedLink implements SchedulerLink {
  private readonly streams = new Map<number, ShardStream>();
  private local: LocalScheduler | undefined;
  private destination: Destination | undefined;
  private epoch = 0;

  constructor(private readonly parts: LinkParts) {}

  /** An owner serves from now on, until the result is called. */
  opened(source: SnapshotSource): Cancel {
    const { replica, shards, clock } = this.parts;
    const stream = new ShardStream(source, {
      replica,
      clock,
      mostUntold: Math.max(UNTOLD.ofShard, Math.floor(UNTOLD.ofReplica / shards)),
      onEpoch: (epoch) => this.heard(epoch),
      onFault: (error) => this.parts.onFault(error),
    });
    this.streams.set(source.shard, stream);
    if (this.destination) stream.connect(this.destination);
    return () => {
      stream.end();
      if (this.streams.get(source.shard) === stream) this.streams.delete(source.shard);
    };
  }

  /** A scheduler has taken office, here or elsewhere. L2. */
  heard(epoch: number): void {
    if (epoch <= this.epoch) return;
    this.epoch = epoch;
    const local = this.local?.inbox.epoch === epoch ? this.local : undefined;
    this.destination = {
      epoch,
      local: local !== undefined,
      deliver: (changes) => (local ? local.inbox.take(changes) : this.parts.send(changes)),
    };
    for (const stream of this.streams.values()) stream.connect(this.destination);
  }

  /** The scheduler is in this process from now on. */
  took(local: LocalScheduler): void {
    this.local = local;
    this.heard(local.inbox.epoch);
  }

  left(local: LocalScheduler): void {
    if (this.local === local) this.local = undefined;
    if (this.epoch !== local.inbox.epoch) return;
    this.destination = undefined;
    for (const stream of this.streams.values()) stream.disconnect();
  }

  stop(): void {
    for (const stream of this.streams.values()) stream.end();
    this.streams.clear();
  }

  tell(shard: number, change: ToldChange): void {
    this.streams.get(shard)?.tell(change);
  }

  /** Since when the owner of a shard has told what the scheduler has not confirmed; monotonic ms. */
  owesSince(shard: number): number | undefined {
    return this.streams.get(shard)?.owesSince;
  }

  capacityChanged(...news: Parameters<SchedulerLink['capacityChanged']>): void {
    this.scheduler?.capacityChanged(...news);
  }

  /** L3. */
  fetch(freed: readonly FreedSlot[]): Fetched[] {
    const { scheduler } = this;
    if (!scheduler) return [];
    return scheduler.fetch(freed).filter(({ shard, taskId, attempt }) => {
      const isOurs = this.streams.get(shard)?.isHeard === true;
      if (!isOurs) scheduler.refused(shard, [{ taskId, attempt }]);
      return isOurs;
    });
  }

  fetchedRefused(shard: number, refs: readonly AttemptRef[]): void {
    this.scheduler?.refused(shard, refs);
  }

  get isIdle(): boolean {
    return this.scheduler?.queued === 0;
  }

  /** Only as long as it is in office. */
  private get scheduler(): LocalScheduler['scheduler'] | undefined {
    return this.local?.inbox.epoch === this.epoch ? this.local.scheduler : undefined;
  }
}
