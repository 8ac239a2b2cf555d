import { LIMITS, MultiswarmError, type Heartbeat, type RegionView, type Swarm } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { Membership } from '../domain/fleet/membership';

const FORGET_DOWN_MS = 10 * 60_000;

/** How much of a fleet is kept in view. */
export interface FleetLimits {
  swarms: number;
  regions: number;
}

const LIMITS_IN_VIEW: FleetLimits = { swarms: LIMITS.SWARMS_IN_VIEW, regions: LIMITS.REGIONS_IN_VIEW };

/**
 * The whole fleet as this replica hears it: for reading, not for deciding.
 *
 * F1. It never holds more than its limits: whoever would be one too many is not in view, which is logged once until there is
 *     room again.
 * F2. At a limit, the swarms that are down make room at once; else people see them for a while.
 */
export class Fleet {
  private readonly membership: Membership;
  /** Those of the members, and those that have come since the last tick. */
  private regionNames = new Set<string>();
  private saidFull = false;

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly limits: FleetLimits = LIMITS_IN_VIEW,
  ) {
    this.membership = new Membership((heartbeat) => this.whyNoRoom(heartbeat));
  }

  observe(heartbeat: Heartbeat): void {
    const change = this.membership.observe(heartbeat, this.clock.monotonic());
    if (!('refused' in change) && change.joined !== undefined) this.regionNames.add(heartbeat.region);
  }

  tick(): void {
    const now = this.clock.monotonic();
    this.membership.tick(now);
    this.membership.forget(now, this.isFull ? 0 : FORGET_DOWN_MS); // F2
    this.regionNames = this.membership.regionNames();
    if (!this.isFull) this.saidFull = false;
  }

  swarms(): Swarm[] {
    const offset = this.clock.now() - this.clock.monotonic();
    return this.membership
      .swarms(offset)
      .sort((a, b) => (a.region === b.region ? compare(a.swarmId, b.swarmId) : compare(a.region, b.region)));
  }

  swarm(id: string): Swarm {
    const found = this.find(id);
    if (!found) throw new MultiswarmError('swarm-not-found', `no swarm "${id}" is connected`);
    return found;
  }

  find(id: string): Swarm | undefined {
    return this.membership.swarm(id, this.clock.now() - this.clock.monotonic());
  }

  regions(): RegionView[] {
    return this.membership.regions();
  }

  private get isFull(): boolean {
    return this.membership.size >= this.limits.swarms || this.regionNames.size >= this.limits.regions;
  }

  /** F1. */
  private whyNoRoom({ swarmId, region }: Heartbeat): string | undefined {
    const { swarms, regions } = this.limits;
    const isOneMore = !this.membership.remembers(swarmId) && this.membership.size >= swarms;
    const isElsewhere = !this.regionNames.has(region) && this.regionNames.size >= regions;
    if (!isOneMore && !isElsewhere) return undefined;
    const reason = isOneMore
      ? `${swarms} swarms are in view already (SWARMS_IN_VIEW)`
      : `${regions} regions are in view already (REGIONS_IN_VIEW)`;
    if (!this.saidFull)
      this.logger.warn('a swarm is left out of the fleet in view', { swarmId, region, reason });
    this.saidFull = true;
    return reason;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
