import { keys, matchesPattern, type Heartbeat } from '@multiswarm/contracts';
import { every, type Cancel, type Clock } from '@multiswarm/core';
import type { LeaseStore } from '@multiswarm/store';
import type { Logger } from '@multiswarm/telemetry';
import { Homes } from '../domain/fleet/homes';
import type { CordonStore, Owners, Placer, Swarms } from '../ports';
import { Coordinator } from './coordinator';
import { HeldLease } from './held-lease';

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
/** A longer time between two ticks means that this process stood still. */
const BLIND_MS = 2_000;

interface Held {
  lease: HeldLease;
  coordinator: Coordinator;
  close: Cancel;
}

/**
 * The regional level of this process: for each region in which swarms show up, the lease decides which replica
 * coordinates it.
 */
export class RegionalRole {
  private readonly held = new Map<string, Held>();
  private readonly asking = new Map<string, { again: number }>();
  private readonly regionsSeen = new Set<string>();
  private readonly homes = new Homes();
  private readonly timers: Cancel[];
  private tickedAt: number;
  private stopped = false;

  constructor(
    private readonly options: RegionalOptions,
    private readonly parts: RegionalParts,
  ) {
    const { clock } = parts;
    this.tickedAt = clock.monotonic();
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
    else if (this.admits(heartbeat)) void this.ask(heartbeat);
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
    for (const region of [...this.held.keys()]) {
      const held = this.held.get(region);
      this.drop(region);
      await held?.lease
        .release()
        .catch((error: unknown) => this.parts.logger.warn('lease of region not released', { region, error }));
    }
  }

  private dismissDouble({ swarmId, region, instance, state }: Heartbeat, elsewhere: string): void {
    if (this.stopped || state === 'stopped') return;
    const reason = `a swarm in region ${elsewhere} runs under the id ${swarmId}: give each its own`;
    this.parts.logger.warn('swarm not admitted', { swarmId, region, reason });
    this.parts.swarms.dismiss(swarmId, instance, reason);
  }

  /** MAX_REGIONS: the first regions to show up are the deployment's regions. */
  private admits(heartbeat: Heartbeat): boolean {
    if (this.regionsSeen.has(heartbeat.region)) return true;
    if (this.regionsSeen.size < this.options.maxRegions) {
      this.regionsSeen.add(heartbeat.region);
      return true;
    }
    const reason = `there are ${this.options.maxRegions} regions already (MAX_REGIONS): use one of ${[...this.regionsSeen].join(', ')} or raise the limit`;
    this.parts.logger.warn('swarm not admitted', {
      swarmId: heartbeat.swarmId,
      region: heartbeat.region,
      reason,
    });
    this.parts.swarms.dismiss(heartbeat.swarmId, heartbeat.instance, reason);
    return false;
  }

  private async ask(heartbeat: Heartbeat): Promise<void> {
    const { region } = heartbeat;
    const asked = this.asking.get(region);
    if (asked && this.parts.clock.monotonic() < asked.again) return;
    this.asking.set(region, { again: Infinity });
    try {
      const answer = await HeldLease.acquire(
        this.parts.leases,
        keys.regionLease(region),
        this.options.owner,
        this.options.leaseMs,
        this.parts.clock,
      );
      if (answer instanceof HeldLease) this.take(region, answer, heartbeat);
      else
        this.asking.set(region, {
          again: this.parts.clock.monotonic() + Math.min(answer.remainingMs + 10, this.options.leaseMs),
        });
    } catch (error) {
      this.parts.logger.warn('could not ask for the lease of a region', { region, error });
      this.asking.set(region, { again: this.parts.clock.monotonic() + this.options.renewMs });
    }
  }

  private take(region: string, lease: HeldLease, heartbeat: Heartbeat): void {
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
    this.held.set(region, { lease, coordinator, close: face.open(region, coordinator) });
    logger.info('coordinating region', { region, epoch: lease.epoch });
    coordinator.observe(heartbeat);
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
    const blind = !this.parts.face.connected() || now - this.tickedAt > BLIND_MS;
    this.tickedAt = now;
    this.homes.tick(now);
    for (const { coordinator, lease } of this.held.values()) {
      if (blind || !lease.holds()) coordinator.forgiveSilence();
      else coordinator.tick();
    }
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
