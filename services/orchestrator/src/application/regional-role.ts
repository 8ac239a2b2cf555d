import { keys, matchesPattern, type Heartbeat } from '@multiswarm/contracts';
import { every, heartbeatLiveness, type Cancel, type Clock, type LeaseStore } from '@multiswarm/core';
import { HeldLease } from '@multiswarm/sharding';
import type { Logger } from '@multiswarm/telemetry';
import { Homes } from '../domain/fleet/homes';
import type { CordonStore, Owners, Placer, Swarms } from '../ports';
import { Coordinator } from './coordinator';

export interface RegionalOptions {
  /** Regions or patterns that this process may coordinate. */
  regions: readonly string[];
  owner: string;
  leaseMs: number;
  renewMs: number;
  summaryMs: number;
  maxRegions: number;
  maxSwarmsPerRegion: number;
  shards: number;
  attemptLeaseMs: number;
}

export interface RegionalParts {
  leases: LeaseStore;
  face: RegionFace;
  swarms: Swarms;
  owners: Owners;
  placer: Placer;
  cordons: CordonStore;
  clock: Clock;
  logger: Logger;
}

export interface RegionFace {
  /** Opens the region's subjects for a coordinator; the result closes them. */
  open(region: string, coordinator: Coordinator): Cancel;
  summarize(coordinator: Coordinator): void;
  /** Asks every swarm to heartbeat at once. */
  census(): void;
  /** Whether heartbeats can reach us at all. */
  connected(): boolean;
}

const TICK_MS = 500;
/** A coordinator that stops gives its lease back at once: so often those who stand by look whether it is free. */
const ASK_AGAIN_MS = 500;
/** A longer time between two ticks means that this process stood still. */
const BLIND_MS = 2_000;
/** A coordinator that reaches nobody for so many leases gives its regions to those who do. */
const CUT_OFF_LEASES = 2;
/** A region in which nobody has been for so long is none of the deployment's any more. */
const DESERTED_MS = 10 * 60_000;

interface Held {
  lease: HeldLease;
  coordinator: Coordinator;
  close: Cancel;
  /** When there was somebody last. */
  inhabitedAt: number;
}

/** A region that somebody else coordinates. */
interface Asking {
  /** When to ask for its lease again; never as long as the answer is due. */
  again: number;
  /** The last heartbeat from there. */
  heartbeat: Heartbeat;
  heardAt: number;
}

/**
 * The regional level of this process: for each region in which swarms show up, the lease decides which replica
 * coordinates it.
 */
export class RegionalRole {
  private readonly held = new Map<string, Held>();
  private readonly asking = new Map<string, Asking>();
  /** When each was heard of last. */
  private readonly regionsSeen = new Map<string, number>();
  private readonly homes = new Homes();
  private readonly timers: Cancel[];
  private tickedAt: number;
  private connectedAt: number;
  private stopped = false;

  constructor(
    private readonly options: RegionalOptions,
    private readonly parts: RegionalParts,
  ) {
    const { clock } = parts;
    this.tickedAt = this.connectedAt = clock.monotonic();
    this.timers = [
      every(clock, options.renewMs, () => this.renew()),
      every(clock, options.summaryMs, () => this.summarize()),
      every(clock, TICK_MS, () => this.tick()),
    ];
  }

  observe(heartbeat: Heartbeat): void {
    const { region } = heartbeat;
    const elsewhere = this.homes.elsewhere(heartbeat, this.parts.clock.monotonic());
    if (elsewhere !== undefined) return this.dismissDouble(heartbeat, elsewhere);
    if (this.stopped || !this.options.regions.some((pattern) => matchesPattern(pattern, region))) return;
    const held = this.held.get(region);
    if (held) held.coordinator.observe(heartbeat);
    else if (this.admits(heartbeat)) this.wish(heartbeat);
  }

  get regions(): string[] {
    return [...this.held.keys()];
  }

  /** The coordinator of a region, where it is in this process. */
  coordinatorOf(region: string): Coordinator | undefined {
    return this.held.get(region)?.coordinator;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.timers.forEach((cancel) => cancel());
    await this.giveUpAll();
  }

  /**
   * Gives the leases back. Who still reaches Redis, but not NATS, would keep them for ever: nobody could be reached in these
   * regions, and nobody could take over.
   */
  private async giveUpAll(): Promise<void> {
    for (const [region, held] of [...this.held]) await this.giveUp(region, held);
  }

  private async giveUp(region: string, { lease }: Held): Promise<void> {
    this.drop(region);
    this.parts.logger.info('region given up', { region, epoch: lease.epoch });
    await lease
      .release()
      .catch((error: unknown) => this.parts.logger.warn('lease of region not released', { region, error }));
  }

  /** Names of regions are what heartbeats say: made-up ones must not keep those of the deployment out for ever. */
  private leaveDeserted(now: number): void {
    for (const [region, held] of this.held) {
      if (!held.coordinator.isDeserted) held.inhabitedAt = now;
      else if (now - held.inhabitedAt > DESERTED_MS) void this.giveUp(region, held);
    }
    for (const [region, heardAt] of this.regionsSeen)
      if (!this.held.has(region) && now - heardAt > DESERTED_MS) this.regionsSeen.delete(region);
  }

  private dismissDouble({ swarmId, region, instance, state }: Heartbeat, elsewhere: string): void {
    if (this.stopped || state === 'stopped') return;
    const reason = `a swarm in region ${elsewhere} runs under the id ${swarmId}: give each its own`;
    this.parts.logger.warn('swarm not admitted', { swarmId, region, reason });
    this.parts.swarms.dismiss(swarmId, instance, reason);
  }

  /** MAX_REGIONS: the first regions to show up are the deployment's regions, until they are deserted. */
  private admits(heartbeat: Heartbeat): boolean {
    if (this.regionsSeen.has(heartbeat.region) || this.regionsSeen.size < this.options.maxRegions) {
      this.regionsSeen.set(heartbeat.region, this.parts.clock.monotonic());
      return true;
    }
    const reason = `there are ${this.options.maxRegions} regions already (MAX_REGIONS): use one of ${[...this.regionsSeen.keys()].join(', ')} or raise the limit`;
    this.parts.logger.warn('swarm not admitted', {
      swarmId: heartbeat.swarmId,
      region: heartbeat.region,
      reason,
    });
    this.parts.swarms.dismiss(heartbeat.swarmId, heartbeat.instance, reason);
    return false;
  }

  private wish(heartbeat: Heartbeat): void {
    const heardAt = this.parts.clock.monotonic();
    const known = this.asking.get(heartbeat.region);
    const asking = { again: known?.again ?? heardAt, heartbeat, heardAt };
    this.asking.set(heartbeat.region, asking);
    if (asking.again <= heardAt) void this.ask(asking);
  }

  /** Asks for the lease of a region from which something was heard lately. */
  private askAgain(now: number): void {
    for (const [region, asking] of this.asking) {
      if (asking.again > now) continue;
      const liveness = heartbeatLiveness(now - asking.heardAt, asking.heartbeat.intervalMs);
      if (liveness === 'down') this.asking.delete(region);
      else void this.ask(asking);
    }
  }

  private async ask(asking: Asking): Promise<void> {
    const { region } = asking.heartbeat;
    const { clock, leases, logger } = this.parts;
    const { owner, leaseMs, renewMs } = this.options;
    asking.again = Infinity;
    let waitMs = ASK_AGAIN_MS;
    try {
      const lease = await HeldLease.acquire(leases, keys.regionLease(region), owner, leaseMs, clock);
      if (lease instanceof HeldLease) return void this.take(region, lease);
    } catch (error) {
      logger.warn('could not ask for the lease of a region', { region, error });
      waitMs = renewMs;
    }
    const known = this.asking.get(region);
    if (known) known.again = clock.monotonic() + waitMs;
  }

  private take(region: string, lease: HeldLease): void {
    const heartbeat = this.asking.get(region)?.heartbeat;
    this.asking.delete(region);
    if (this.stopped) {
      void lease.release().catch(() => undefined); // it runs out by itself
      return;
    }
    const { shards, maxSwarmsPerRegion: maxSwarms, attemptLeaseMs } = this.options;
    const coordinator = new Coordinator(
      { region, epoch: lease.epoch, shards, maxSwarms, attemptLeaseMs },
      { ...this.parts, leaseHolds: () => lease.holds() },
    );
    const { face, logger } = this.parts;
    const inhabitedAt = this.parts.clock.monotonic();
    this.held.set(region, { lease, coordinator, close: face.open(region, coordinator), inhabitedAt });
    logger.info('coordinating region', { region, epoch: lease.epoch });
    if (heartbeat) coordinator.observe(heartbeat);
    // Owners hear who has the region now.
    face.summarize(coordinator);
    // Work for the others is on its way already: they need not wait for their next heartbeat.
    face.census();
  }

  private async renew(): Promise<void> {
    for (const [region, { lease }] of [...this.held]) {
      try {
        await lease.renew();
      } catch (error) {
        this.parts.logger.warn('lease of region not renewed', { region, error });
        if (!lease.holds()) this.drop(region);
      }
    }
  }

  /** Silence counts only while we could have heard something: not after a pause, without NATS, or without the lease. */
  private tick(): void {
    const now = this.parts.clock.monotonic();
    const connected = this.parts.face.connected();
    if (connected) this.connectedAt = now;
    const blind = !connected || now - this.tickedAt > BLIND_MS;
    this.tickedAt = now;
    this.homes.tick(now);
    if (now - this.connectedAt > CUT_OFF_LEASES * this.options.leaseMs) void this.giveUpAll();
    if (!blind) this.askAgain(now);
    for (const { coordinator, lease } of this.held.values()) {
      if (blind || !lease.holds()) coordinator.forgiveSilence();
      else coordinator.tick();
    }
    if (!blind) this.leaveDeserted(now);
  }

  private summarize(): void {
    for (const { coordinator } of this.held.values()) this.parts.face.summarize(coordinator);
  }

  private drop(region: string): void {
    const held = this.held.get(region);
    if (!held) return;
    held.close();
    held.coordinator.stop();
    this.held.delete(region);
  }
}
