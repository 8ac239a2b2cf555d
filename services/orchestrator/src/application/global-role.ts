import {
  keys,
  type NamespaceSettings,
  type RegionSummary,
  type ReplicaAlive,
  type SchedulerActive,
  type SchedulerChanges,
  type SchedulerChangesReply,
} from '@multiswarm/contracts';
import { every, type Cancel, type Clock, type LeaseStore } from '@multiswarm/core';
import {
  LeaseKeeper,
  patience,
  Replicas,
  ShardLeases,
  type HeldLease,
  type ReplicaVoice,
} from '@multiswarm/sharding';
import type { Logger } from '@multiswarm/telemetry';
import type { PayloadStore } from '../payload-ports';
import type { GrantPort, Placer } from '../ports';
import { GrantGate } from './grant-gate';
import { KeptSlots } from './kept-slots';
import { OwnerFactory, type OwnerFactoryParts } from './owner-factory';
import { OutputReferences } from './output-references';
import { ReportDesk } from './report-desk';
import { UnwellSwarms } from './unwell-swarms';
import type { Scheduler } from './scheduler';
import { StreamedLink } from './scheduler-link';
import { SchedulerRole, type SchedulerFace } from './scheduler-role';
import type { ShardOwner } from './shard-owner';

export interface GlobalOptions {
  replica: string;
  shards: number;
  leaseMs: number;
  renewMs: number;
}

/** The subjects of owners. */
export interface OwnerFace {
  /** Opens the shard's subjects for its owner; the result closes them. */
  open(owner: ShardOwner, gate: GrantGate, desk: ReportDesk): Cancel;
  /** Opens the subject on which this replica takes reports for all its shards. */
  openReplica(replica: string, desk: ReportDesk): Cancel;
}

export interface GlobalParts extends Omit<OwnerFactoryParts, 'scheduler'> {
  leases: LeaseStore;
  voice: ReplicaVoice;
  face: OwnerFace;
  /** Told of each owner that begins to serve; the result is called when it ends. */
  serves(owner: ShardOwner): Cancel;
  schedulerFace: SchedulerFace;
  /** Told when this process becomes the one that schedules; the result is called when it is not any more. */
  inOffice(lease: HeldLease): Cancel;
  /** To the scheduler, wherever it runs. */
  tellScheduler(changes: SchedulerChanges): Promise<SchedulerChangesReply>;
  /** Grants to owners, here or elsewhere. */
  grants(gateOf: (shard: number) => GrantGate | undefined): GrantPort;
  placer: Placer;
  /** Where outputs are that go by reference. */
  payloads: Pick<PayloadStore, 'claim' | 'find'> | undefined;
  /** How long a slot that came free while nothing waited is kept for the next task; 0: not at all. */
  slotKeptMs: number;
  settings: (namespace: string) => NamespaceSettings;
  clock: Clock;
  logger: Logger;
}

const EXPIRE_MS = 1_000;
/** A longer time between two looks means that this process stood still. */
const BLIND_MS = 3_000;
const COMPLAIN_MS = 5_000;
const SWEEP_MS = 60_000;
const SWEEP_ROOTS = 200;

/**
 * The global level of this process: the shards that are its share, and the scheduler when it is its turn. What others have is
 * reached over the bus, so any replica answers anything.
 */
export class GlobalRole {
  readonly desk: ReportDesk;
  /** Swarms to which load-balancers give nothing. */
  readonly unwell = new UnwellSwarms();
  private readonly keeper: LeaseKeeper;
  private readonly replicas: Replicas;
  private readonly shards: ShardLeases<ShardOwner>;
  private readonly scheduling: SchedulerRole;
  private readonly link: StreamedLink;
  private readonly kept: KeptSlots;
  private readonly gates = new Map<number, GrantGate>();
  private readonly timers: Cancel[] = [];
  private closeReports: Cancel = () => undefined;
  private lookedAt: number;
  private complainedAt = -Infinity;

  constructor(
    private readonly options: GlobalOptions,
    private readonly parts: GlobalParts,
  ) {
    const { replica, shards, leaseMs } = options;
    const { clock, logger } = parts;
    const times = patience(leaseMs);
    this.lookedAt = clock.monotonic();
    this.keeper = new LeaseKeeper(parts.leases, replica, options, clock, (error) =>
      logger.warn('leases not renewed', { error }),
    );
    this.replicas = new Replicas(
      replica,
      times,
      clock,
      parts.voice,
      () => this.shards.claimed,
      () => this.lookAround(),
    );
    this.link = new StreamedLink({
      replica,
      shards,
      clock,
      send: (changes) => parts.tellScheduler(changes),
      onFault: (error) => this.notTold(error),
    });
    this.kept = new KeptSlots(
      { link: this.link, gateOf: (shard) => this.gates.get(shard), placer: parts.placer, clock },
      parts.slotKeptMs,
    );
    this.desk = new ReportDesk(
      shards,
      (shard) => this.ownerOf(shard),
      this.kept,
      (shard) => this.gates.get(shard),
      parts.payloads && new OutputReferences(parts.payloads, clock),
      (swarmId) => !this.unwell.has(swarmId, clock.monotonic()),
    );
    const factory = new OwnerFactory({ ...parts, scheduler: this.kept });
    this.shards = new ShardLeases(shards, times, this.replicas, {
      keeper: this.keeper,
      keyOf: (shard) => keys.shard(shard),
      open: (shard, lease, onLost) => factory.open(shard, lease, onLost),
      serve: (owner) => this.serve(owner),
      listen: (owner) => parts.face.open(owner, this.gateOf(owner), this.desk),
      clock,
      logger,
    });
    this.scheduling = new SchedulerRole(
      shards,
      { leaseMs, ...times },
      {
        ...{ keeper: this.keeper, replicas: this.replicas, link: this.link, clock, logger },
        ...{ face: parts.schedulerFace, placer: this.placerOfAll(), settings: parts.settings },
        inOffice: (lease) => parts.inOffice(lease),
        grants: parts.grants((shard) => this.gates.get(shard)),
      },
    );
  }

  start(): void {
    const { clock, face } = this.parts;
    this.closeReports = face.openReplica(this.options.replica, this.desk);
    this.timers.push(
      every(clock, EXPIRE_MS, () => this.expireAttempts()),
      every(clock, SWEEP_MS, () => this.sweep()),
    );
    this.keeper.start();
    this.replicas.start();
    this.shards.start();
    this.scheduling.start();
  }

  /** The owner of a shard, where it is in this process; it may be about to close. */
  ownerOf(shard: number): ShardOwner | undefined {
    return this.shards.owner(shard);
  }

  get activeScheduler(): Scheduler | undefined {
    return this.scheduling.active;
  }

  /** The shards that this replica serves. */
  get ownedShards(): number[] {
    return this.shards.served;
  }

  /** Gives a shard up in order, so that it is taken anew, with all its memory made from the store. */
  renewShard(shard: number): void {
    this.shards.renew(shard);
  }

  /** Since when something of a shard was told that the scheduler has not confirmed; monotonic ms. */
  owesSchedulerSince(shard: number): number | undefined {
    return this.link.owesSince(shard);
  }

  observeReplica(alive: ReplicaAlive): void {
    this.replicas.observe(alive);
  }

  observeScheduler(active: SchedulerActive): void {
    this.scheduling.heard(active);
  }

  /** A coordinator says which attempts its swarms hold. */
  seen(summary: RegionSummary): void {
    for (const owner of this.shards.owners()) owner.seen(summary);
  }

  capacityChanged(...news: Parameters<StreamedLink['capacityChanged']>): void {
    this.link.capacityChanged(...news);
  }

  namespaceChanged(namespace: string): void {
    this.scheduling.active?.namespaceChanged(namespace);
  }

  /** Finishes what is under way and hands everything over at once: the scheduler first, so that whoever hears of it can go on. */
  async stop(): Promise<void> {
    this.timers.forEach((cancel) => cancel());
    this.kept.stop();
    await this.scheduling.stop();
    this.replicas.leave();
    await this.shards.stop();
    this.replicas.stop();
    this.keeper.stop();
    this.link.stop();
    this.closeReports();
  }

  /** As if the process were gone: nothing is finished, nothing is given back. */
  drop(): void {
    this.timers.forEach((cancel) => cancel());
    this.kept.drop();
    this.scheduling.drop();
    this.shards.drop();
    this.replicas.drop();
    this.keeper.stop();
    this.link.stop();
    this.closeReports();
  }

  /** Of all shards, again and again: once in a while is enough. */
  private notTold(error: unknown): void {
    const now = this.parts.clock.monotonic();
    if (now - this.complainedAt < COMPLAIN_MS) return;
    this.complainedAt = now;
    this.parts.logger.warn('the scheduler was not told', { error });
  }

  private lookAround(): void {
    this.shards.look();
    this.scheduling.look();
  }

  /** Whoever asks through it for a place is told of one among all that are free. */
  placerOfAll(): Placer {
    const { placer } = this.parts;
    return {
      place: (...asked) => {
        this.kept.release();
        return placer.place(...asked);
      },
      report: (outcomes) => placer.report(outcomes),
    };
  }

  private gateOf(owner: ShardOwner): GrantGate {
    const known = this.gates.get(owner.shard);
    return known?.epoch === owner.epoch ? known : new GrantGate(owner);
  }

  private serve(owner: ShardOwner): Cancel {
    const gate = this.gateOf(owner);
    this.gates.set(owner.shard, gate);
    const end = this.link.opened(gate);
    const ended = this.parts.serves(owner);
    this.parts.logger.info('shard taken', { shard: owner.shard, epoch: owner.epoch });
    return () => {
      ended();
      end();
      this.gates.delete(owner.shard);
    };
  }

  /** What nobody could have told us is no sign of death: after a pause, or without NATS, a new period begins. */
  private async expireAttempts(): Promise<void> {
    const { clock, voice, logger } = this.parts;
    const blind = !voice.connected() || clock.monotonic() - this.lookedAt > BLIND_MS;
    this.lookedAt = clock.monotonic();
    await Promise.all(
      this.shards
        .owners()
        .map((owner) =>
          owner
            .expireAttempts(blind)
            .catch((error: unknown) => logger.warn('a loss was not recorded', { shard: owner.shard, error })),
        ),
    );
  }

  private async sweep(): Promise<void> {
    for (const owner of this.shards.owners()) {
      try {
        while ((await owner.sweep(SWEEP_ROOTS)) === SWEEP_ROOTS);
      } catch (error) {
        this.parts.logger.warn('expired tasks were not removed', { shard: owner.shard, error });
      }
    }
  }
}
