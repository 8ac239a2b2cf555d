import {
  keys,
  type CensusReply,
  type CensusRequest,
  type NamespaceSettings,
  type SchedulerActive,
  type SchedulerChanges,
  type SchedulerChangesReply,
  type StandingReply,
  type Waiting,
} from '@multiswarm/contracts';
import { every, type Cancel, type Clock } from '@multiswarm/core';
import { HeldLease, type LeaseKeeper, type Replicas } from '@multiswarm/sharding';
import type { Logger } from '@multiswarm/telemetry';
import type { GrantPort, Placer } from '../ports';
import { Scheduler } from './scheduler';
import { SchedulerInbox } from './scheduler-inbox';
import type { StreamedLink } from './scheduler-link';

/** What others may ask of the scheduler. */
export interface SchedulerDesk {
  take(changes: SchedulerChanges): SchedulerChangesReply;
  explain(taskIds: string[]): Promise<Record<string, Waiting>>;
  standing(taskId: string): StandingReply;
  census(asked: CensusRequest): CensusReply;
  readonly queued: number;
}

export interface SchedulerFace {
  /** Opens the scheduler's subjects; the result closes them. */
  open(desk: SchedulerDesk): Cancel;
  announce(active: SchedulerActive): void;
}

export interface SchedulerRoleParts {
  keeper: LeaseKeeper;
  replicas: Replicas;
  link: StreamedLink;
  face: SchedulerFace;
  placer: Placer;
  grants: GrantPort;
  settings: (namespace: string) => NamespaceSettings;
  /** Told when this process takes office; the result is called when it leaves. */
  inOffice(lease: HeldLease): Cancel;
  clock: Clock;
  logger: Logger;
}

export interface SchedulerTimes {
  leaseMs: number;
  /** Between two announcements. */
  aliveMs: number;
  /** While Redis is away the lease is asked for again after this. */
  againMs: number;
}

interface Office {
  lease: HeldLease;
  scheduler: Scheduler;
  inbox: SchedulerInbox;
  close: Cancel;
  leave: Cancel;
}

const LOOK_MS = 250;
/** A capacity event may get lost on its way: parked tasks are looked at again this often all the same. */
const LOOK_AGAIN_MS = 5_000;
const EDGE_MS = 2;

/**
 * The scheduler, on whichever replica holds its lease.
 *
 * O1. The lease is asked for when it can have run out: a scheduler that announces itself is left alone for the length of one.
 * O2. Whoever leaves gives the lease back before the others are told, so that the first to ask has it.
 */
export class SchedulerRole {
  private office: Office | undefined;
  private readonly timers: Cancel[] = [];
  private asking: Promise<void> | undefined;
  private askAt = 0;
  /** Who was in office when last heard. */
  private holder: string | undefined;
  private seen = 0;
  private stopped = false;

  constructor(
    private readonly shards: number,
    private readonly times: SchedulerTimes,
    private readonly parts: SchedulerRoleParts,
  ) {}

  start(): void {
    const { clock } = this.parts;
    this.timers.push(
      every(clock, LOOK_MS, () => this.look()),
      every(clock, this.times.aliveMs, () => this.announce()),
      every(clock, LOOK_AGAIN_MS, () => this.active?.lookAgain()),
    );
    this.look();
  }

  get active(): Scheduler | undefined {
    return this.office?.scheduler;
  }

  heard({ replica, epoch }: SchedulerActive): void {
    const { link, clock } = this.parts;
    if (epoch < this.seen) return;
    this.seen = epoch;
    const { office } = this;
    // It has not learnt from Redis yet that it was deposed, and its answers would hide those of its successor.
    if (office && epoch > office.lease.epoch) this.lost(office.lease);
    link.heard(epoch);
    if (this.office) return;
    this.holder = replica;
    this.askAt = Math.max(this.askAt, clock.monotonic() + this.times.leaseMs); // O1
  }

  /** To be called whenever other replicas were heard of. */
  look(): void {
    if (this.stopped) return;
    const { replicas, clock } = this.parts;
    if (replicas.cutOff) {
      if (this.office) void this.resign(this.office);
      return;
    }
    if (this.holder !== undefined && !replicas.live().includes(this.holder)) {
      this.holder = undefined;
      this.askAt = 0; // O2
    }
    if (!this.office && !this.asking && this.askAt <= clock.monotonic()) this.asking = this.ask();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.timers.forEach((cancel) => cancel());
    await this.asking;
    if (this.office) await this.resign(this.office);
  }

  drop(): void {
    this.stopped = true;
    this.timers.forEach((cancel) => cancel());
    if (this.office) this.end(this.office);
  }

  private async ask(): Promise<void> {
    const { keeper, clock, logger } = this.parts;
    try {
      const answer = await keeper.acquire(keys.schedulerLease(), (lease) => this.lost(lease));
      if (answer instanceof HeldLease) await this.take(answer);
      else this.askAt = clock.monotonic() + answer.remainingMs + EDGE_MS;
    } catch (error) {
      logger.warn('could not ask for the lease of the scheduler', { error });
      this.askAt = clock.monotonic() + this.times.againMs;
    } finally {
      this.asking = undefined;
    }
  }

  private async take(lease: HeldLease): Promise<void> {
    const { keeper, placer, grants, clock, settings, logger, face, link } = this.parts;
    if (this.stopped) return keeper.release(lease);
    const scheduler: Scheduler = new Scheduler(lease.epoch, this.shards, {
      placer,
      // What is granted rests on what is known now: once a shard begins anew nothing of before is sent, or sent again.
      grants: { grant: (shard, request) => grants.grant(shard, { ...request, ...inbox.basis(shard) }) },
      clock,
      settings,
      onFault: (error) => logger.warn('placing waits', { error }),
    });
    const inbox = new SchedulerInbox(lease.epoch, scheduler);
    const close = face.open({
      take: (changes) => inbox.take(changes),
      explain: (taskIds) => scheduler.explain(taskIds),
      standing: (taskId) => scheduler.standing(taskId),
      census: (asked) => scheduler.census(asked),
      get queued() {
        return scheduler.queued;
      },
    });
    const leave = this.parts.inOffice(lease);
    this.office = { lease, scheduler, inbox, close, leave };
    this.seen = lease.epoch;
    logger.info('scheduling', { epoch: lease.epoch });
    link.took(this.office);
    this.announce();
  }

  private announce(): void {
    if (!this.office?.lease.holds()) return;
    const { replicas, face } = this.parts;
    face.announce({ v: 1, replica: replicas.self, epoch: this.office.lease.epoch });
  }

  private lost(lease: HeldLease): void {
    if (this.office?.lease !== lease) return;
    this.parts.logger.warn('another replica schedules', { epoch: lease.epoch });
    this.end(this.office);
  }

  /** Gives the lease back, so that another replica need not wait for its end. */
  private async resign(office: Office): Promise<void> {
    this.end(office);
    await this.parts.keeper
      .release(office.lease)
      .catch((error: unknown) => this.parts.logger.warn('lease of the scheduler not released', { error }));
  }

  private end(office: Office): void {
    this.office = undefined;
    this.askAt = this.parts.clock.monotonic() + this.times.againMs;
    office.scheduler.stop();
    office.close();
    office.leave();
    this.parts.link.left(office);
  }
}
