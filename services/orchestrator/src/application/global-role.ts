import { keys, type AttemptRef, type EventBatch, type Placement } from '@multiswarm/contracts';
import { every, type Cancel, type Clock, type Random } from '@multiswarm/core';
import type { Leases } from '@multiswarm/store';
import type { Logger } from '@multiswarm/telemetry';
import type { EventStream, LoadedShard, Placer, Regions, ShardStore } from '../ports';
import { AttemptLeases } from './attempt-leases';
import { Dispatcher } from './dispatcher';
import { HeldLease } from './held-lease';
import type { Meters } from './meters';
import { OutboxRelay } from './outbox-relay';
import { Scheduler } from './scheduler';
import { ShardOwner } from './shard-owner';

export interface GlobalOptions {
  owner: string;
  shards: number;
  leaseMs: number;
  renewMs: number;
  attemptLeaseMs: number;
  regionTimeoutMs: number;
  retentionMs: number;
}

export interface OwnerFace {
  /** Opens the shard's subjects for its owner; the result closes them. */
  open(owner: ShardOwner): Cancel;
  openScheduler(scheduler: Scheduler): Cancel;
  /** Whether anybody could tell us anything. */
  connected(): boolean;
}

export interface GlobalParts {
  leases: Leases;
  store: ShardStore;
  placer: Placer;
  regions: Regions;
  stream: EventStream;
  face: OwnerFace;
  clock: Clock;
  random: Random;
  logger: Logger;
  meters: Meters;
  onEvents: (batch: EventBatch) => void;
}

interface Held {
  lease: HeldLease;
  owner: ShardOwner;
  attempts: AttemptLeases;
  close: Cancel;
}

const ASK_MS = 250;
/** A longer time between two looks means that this process stood still. */
const BLIND_MS = 3_000;
/** A capacity event may get lost on its way: parked tasks are looked at again this often all the same. */
const LOOK_AGAIN_MS = 5_000;
const SWEEP_MS = 60_000;
const SWEEP_ROOTS = 200;

/**
 * The global level of this process. One replica at a time holds the scheduler's lease and with it all shards; the others
 * stand by and pass commands on. (Spreading the shards over replicas changes only who asks for which lease.)
 */
export class GlobalRole {
  private readonly held = new Map<number, Held>();
  private scheduler: { lease: HeldLease; scheduler: Scheduler; close: Cancel } | undefined;
  private asking: Promise<void> | undefined;
  private readonly timers: Cancel[] = [];
  private stopped = false;
  private lookedAt: number;

  constructor(
    private readonly options: GlobalOptions,
    private readonly parts: GlobalParts,
  ) {
    this.lookedAt = parts.clock.monotonic();
  }

  start(): void {
    const { clock } = this.parts;
    this.timers.push(
      every(clock, ASK_MS, () => this.ask()),
      every(clock, this.options.renewMs, () => this.renew()),
      every(clock, 1_000, () => this.expireAttempts()),
      every(clock, LOOK_AGAIN_MS, () => this.scheduler?.scheduler.lookAgain()),
      every(clock, SWEEP_MS, () => this.sweep()),
    );
    void this.ask();
  }

  ownerOf(shard: number): ShardOwner | undefined {
    return this.held.get(shard)?.owner;
  }

  get activeScheduler(): Scheduler | undefined {
    return this.scheduler?.scheduler;
  }

  get ownedShards(): number {
    return this.held.size;
  }

  get activeTasks(): number {
    return [...this.held.values()].reduce((sum, { owner }) => sum + owner.activeTasks, 0);
  }

  /** A coordinator says which attempts its swarms hold. */
  seen(refs: readonly AttemptRef[]): void {
    for (const { attempts, owner } of this.held.values()) {
      attempts.seen(refs);
      owner.remindOfCancels(refs);
    }
  }

  capacityChanged(freeSlots: number): void {
    this.scheduler?.scheduler.capacityChanged(freeSlots);
  }

  /** Finishes what is under way and hands everything over at once. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timers.forEach((cancel) => cancel());
    await this.asking;
    this.scheduler?.scheduler.stop();
    await Promise.all([...this.held.keys()].map((shard) => this.handOver(shard)));
    this.scheduler?.close();
    await this.scheduler?.lease
      .release()
      .catch((error: unknown) => this.parts.logger.warn('lease of the scheduler not released', { error }));
    this.scheduler = undefined;
  }

  private async ask(): Promise<void> {
    if (this.stopped || this.held.size === this.options.shards) return;
    this.asking ??= this.takeAll()
      .catch((error: unknown) => this.parts.logger.warn('could not take ownership', { error }))
      .finally(() => (this.asking = undefined));
    await this.asking;
  }

  private async takeAll(): Promise<void> {
    if (!this.scheduler && !(await this.takeScheduler())) return;
    const free = Array.from({ length: this.options.shards }, (_, shard) => shard).filter(
      (shard) => !this.held.has(shard),
    );
    // All of them, whatever becomes of one: a second round must not begin while a shard of this one is still loading.
    const taken = await Promise.allSettled(free.map((shard) => this.takeShard(shard)));
    for (const result of taken) {
      if (result.status === 'rejected')
        this.parts.logger.warn('a shard was not taken', { error: result.reason as unknown });
    }
  }

  private async takeScheduler(): Promise<boolean> {
    const { leases, placer, clock, logger, face } = this.parts;
    const lease = await HeldLease.acquire(
      leases,
      keys.schedulerLease(),
      this.options.owner,
      this.options.leaseMs,
      clock,
    );
    if (!(lease instanceof HeldLease)) return false;
    const grants = {
      grant: (shard: number, placements: { taskId: string; placement: Placement }[]) =>
        this.ownerOf(shard)?.grant(placements) ?? placements,
    };
    const scheduler = new Scheduler(lease.epoch, placer, grants, clock, (error) =>
      logger.warn('placing waits for the load-balancer', { error }),
    );
    this.scheduler = { lease, scheduler, close: face.openScheduler(scheduler) };
    logger.info('scheduling', { epoch: lease.epoch });
    return true;
  }

  private async takeShard(shard: number): Promise<void> {
    const { leases, store, clock, logger } = this.parts;
    const scheduler = this.scheduler?.scheduler;
    if (this.stopped || !scheduler) return;
    const lease = await HeldLease.acquire(
      leases,
      keys.shard(shard),
      this.options.owner,
      this.options.leaseMs,
      clock,
    );
    if (!(lease instanceof HeldLease)) return;
    const loaded = await store.load(shard).catch(async (error: unknown) => {
      await lease.release().catch(() => undefined); // it runs out by itself
      throw error;
    });
    // The scheduler's lease was lost meanwhile (tasks handed to the old scheduler would wait for ever), or we are stopping.
    if (this.scheduler?.scheduler !== scheduler || this.isStopped()) return lease.release();
    const attempts = new AttemptLeases(this.options.regionTimeoutMs, () => clock.monotonic());
    const owner = this.buildOwner(shard, lease, loaded, scheduler, attempts);
    this.held.set(shard, { lease, owner, attempts, close: this.parts.face.open(owner) });
    owner.resume();
    if (loaded.tasks.length > 0)
      logger.info('shard taken', {
        shard,
        epoch: lease.epoch,
        tasks: loaded.tasks.length,
        runs: loaded.runs.length,
      });
  }

  private buildOwner(
    shard: number,
    lease: HeldLease,
    loaded: LoadedShard,
    scheduler: Scheduler,
    attempts: AttemptLeases,
  ): ShardOwner {
    const { store, clock, logger, stream } = this.parts;
    const dispatcher = new Dispatcher(
      shard,
      lease.epoch,
      this.parts.regions,
      clock,
      this.options.attemptLeaseMs,
      {
        // To the owner that sent them: what an earlier epoch of this shard gave up, its successor has sent anew.
        outcomes: (outcomes) =>
          void owner
            .dispatched(outcomes)
            .catch((error: unknown) => logger.warn('dispatch not recorded', { shard, error })),
        fault: (error) => logger.warn('dispatch waits for a region', { shard, error }),
      },
    );
    const relay = new OutboxRelay(shard, store, stream, clock, (error) =>
      logger.warn('events wait for JetStream', { shard, error }),
    );
    const owner: ShardOwner = new ShardOwner(shard, lease.epoch, lease.batchSeq, loaded, {
      store,
      ready: scheduler,
      placer: this.parts.placer,
      dispatcher,
      leases: attempts,
      relay,
      clock,
      random: this.parts.random,
      logger,
      retentionMs: this.options.retentionMs,
      leaseHolds: () => lease.holds(),
      onLost: () => this.drop(shard, owner),
      meters: this.parts.meters,
      onEvents: this.parts.onEvents,
    });
    return owner;
  }

  private async renew(): Promise<void> {
    const leases = [...this.held].map(([shard, { lease, owner }]) => ({
      lease,
      lost: () => owner.lose(),
      shard,
    }));
    await Promise.all(
      leases.map(async ({ lease, lost, shard }) => {
        try {
          await lease.renew();
        } catch (error) {
          this.parts.logger.warn('lease of shard not renewed', { shard, error });
          if (isStale(error)) lost();
        }
      }),
    );
    const { scheduler } = this;
    await scheduler?.lease.renew().catch((error: unknown) => {
      this.parts.logger.warn('lease of the scheduler not renewed', { error });
      if (isStale(error)) this.loseScheduler();
    });
  }

  /** Without the scheduler's lease this replica stands by: it gives its shards to whoever has it. */
  private loseScheduler(): void {
    this.scheduler?.scheduler.stop();
    this.scheduler?.close();
    this.scheduler = undefined;
    for (const shard of [...this.held.keys()]) void this.handOver(shard);
  }

  private async handOver(shard: number): Promise<void> {
    const held = this.held.get(shard);
    if (!held) return;
    this.held.delete(shard);
    held.close();
    await held.owner.close();
    await held.lease
      .release()
      .catch((error: unknown) => this.parts.logger.warn('lease of shard not released', { shard, error }));
  }

  private drop(shard: number, owner: ShardOwner): void {
    const held = this.held.get(shard);
    if (held?.owner !== owner) return;
    held.close();
    this.held.delete(shard);
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  /** What nobody could have told us is no sign of death: after a pause, or without NATS or a lease, a new period begins. */
  private async expireAttempts(): Promise<void> {
    const { clock, face } = this.parts;
    const blind = !face.connected() || clock.monotonic() - this.lookedAt > BLIND_MS;
    this.lookedAt = clock.monotonic();
    for (const [shard, { owner, attempts, lease }] of [...this.held]) {
      if (blind || !lease.holds()) {
        attempts.refresh();
        continue;
      }
      const lost = attempts.expired();
      if (lost.length === 0) continue;
      const reason = `no sign of life for ${this.options.regionTimeoutMs} ms`;
      await owner
        .expire(lost, reason)
        .catch((error: unknown) => this.parts.logger.warn('a loss was not recorded', { shard, error }));
    }
  }

  private async sweep(): Promise<void> {
    for (const [shard, { owner }] of [...this.held]) {
      try {
        while ((await owner.sweep(SWEEP_ROOTS)) === SWEEP_ROOTS);
      } catch (error) {
        this.parts.logger.warn('expired tasks were not removed', { shard, error });
      }
    }
  }
}

function isStale(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'stale-epoch';
}
