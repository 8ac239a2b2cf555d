import type { Bus, Listening } from '@multiswarm/bus';
import { ReplicaAlive } from '@multiswarm/contracts';
import type { Clock, LeaseStore } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { busVoice } from './bus-voice';
import { LeaseKeeper } from './held-lease';
import { patience } from './patience';
import { Replicas } from './replicas';
import { ShardLeases, type OwnedShard, type ShardLeaseParts } from './shard-leases';

export interface SharedShardsOptions {
  /** Never used before: a replica that has left is gone for good. */
  replica: string;
  shards: number;
  /** How long a replica that is silent keeps what it has, ms. All other times follow from it. */
  leaseMs: number;
  /** On which the replicas hear each other. */
  subject: string;
}

export interface SharedShardsParts<O extends OwnedShard> extends Pick<
  ShardLeaseParts<O>,
  'keyOf' | 'open' | 'serve' | 'listen'
> {
  bus: Bus;
  leases: LeaseStore;
  clock: Clock;
  logger: Logger;
}

const RENEWALS_PER_LEASE = 3;

/**
 * The shards of one service, shared out among its replicas: they hear each other on a subject, agree by rendezvous hashing on who
 * should have what, and have it by a lease with an epoch.
 */
export class SharedShards<O extends OwnedShard> {
  private readonly keeper: LeaseKeeper;
  private readonly replicas: Replicas;
  private readonly leases: ShardLeases<O>;
  private listening: Listening | undefined;

  constructor(
    private readonly options: SharedShardsOptions,
    private readonly parts: SharedShardsParts<O>,
  ) {
    const { replica, shards, leaseMs, subject } = options;
    const { bus, clock, logger, leases } = parts;
    const times = { leaseMs, renewMs: leaseMs / RENEWALS_PER_LEASE, ...patience(leaseMs) };
    this.keeper = new LeaseKeeper(leases, replica, times, clock, (error) =>
      logger.warn('leases not renewed', { error }),
    );
    this.replicas = new Replicas(
      replica,
      times,
      clock,
      busVoice(bus, subject),
      () => this.leases.claimed,
      () => this.leases.look(),
    );
    this.leases = new ShardLeases(shards, times, this.replicas, { ...parts, keeper: this.keeper });
  }

  start(): void {
    const { bus } = this.parts;
    this.listening = bus.subscribe(this.options.subject, { schema: ReplicaAlive }, (alive) =>
      this.replicas.observe(alive),
    );
    this.keeper.start();
    this.replicas.start();
    this.leases.start();
  }

  /** The shards that this replica serves under a lease that holds. */
  get served(): number[] {
    return this.leases.served;
  }

  /** The owner of a shard, where it is in this process; it may be about to close. */
  owner(shard: number): O | undefined {
    return this.leases.owner(shard);
  }

  /** All owners in this process. */
  owners(): O[] {
    return this.leases.owners();
  }

  /** Who takes part, as far as this replica has heard. */
  get live(): string[] {
    return this.replicas.live();
  }

  /** Hands everything over, and then says that it has left. */
  async stop(): Promise<void> {
    this.replicas.leave();
    await this.leases.stop();
    this.replicas.stop();
    this.keeper.stop();
    this.listening?.stop();
  }

  /** As if the process were gone: nothing is given back, nothing is finished. */
  drop(): void {
    this.leases.drop();
    this.replicas.drop();
    this.keeper.stop();
    this.listening?.stop();
  }
}
