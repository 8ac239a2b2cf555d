import { keys, MultiswarmError, type Swarm } from '@multiswarm/contracts';
import type { Clock, LeaseStore } from '@multiswarm/core';
import { HeldLease } from '@multiswarm/sharding';
import type { Cordon, CordonStore, Regions } from '../ports';
import type { Fleet } from './fleet';

const STATES = { cordon: 'cordoned', drain: 'draining', uncordon: 'ready' } as const;
/** Long enough to store one cordon. */
const LEASE_MS = 5_000;

export interface FleetControlParts {
  fleet: Fleet;
  regions: Regions;
  cordons: CordonStore;
  leases: LeaseStore;
  clock: Clock;
  /** This process, as it owns leases. */
  owner: string;
}

interface Wish {
  id: string;
  reason: string;
}

/** What operators ask of swarms: the coordinator of the region keeps it, and sees to it. */
export class FleetControl {
  constructor(private readonly parts: FleetControlParts) {}

  /**
   * @returns the swarm as it will be: its next heartbeat says so itself
   * @throws MultiswarmError `swarm-not-found`, or `region-unavailable` when nobody coordinates its region right now
   */
  async want(kind: Cordon['kind'], { id, reason }: Wish): Promise<Swarm> {
    const { fleet, regions } = this.parts;
    if (kind === 'uncordon' && !fleet.find(id)) return this.uncordonAbsent({ id, reason });
    const { region } = fleet.swarm(id);
    await regions.control(region, id, { v: 1, kind, reason });
    return asWanted(fleet.swarm(id), kind);
  }

  /** A cordon outlives its swarm, so it can be ended without it. */
  private async uncordonAbsent({ id, reason }: Wish): Promise<Swarm> {
    const found = await this.parts.cordons.find(id);
    const swarm = found?.cordon.swarm;
    if (!found || !swarm)
      throw new MultiswarmError('swarm-not-found', `no swarm "${id}" is connected, and none is cordoned`);
    const { region } = found;
    try {
      await this.parts.regions.control(region, id, { v: 1, kind: 'uncordon', reason });
    } catch (error) {
      if (!(error instanceof MultiswarmError) || error.code !== 'region-unavailable') throw error;
      const { clock } = this.parts;
      await this.store(region, { swarmId: id, kind: 'uncordon', reason, at: clock.now(), swarm }, error);
    }
    return { ...swarm, state: 'down', busySlots: 0, freeSlots: 0, held: [] };
  }

  /** Where no swarm of a region is left nobody coordinates it: then it is coordinated here, for as long as this takes. */
  private async store(region: string, cordon: Cordon, nobody: MultiswarmError): Promise<void> {
    const { leases, owner, clock, cordons } = this.parts;
    // Not the name under which this process coordinates: it must not take the region from itself.
    const name = `${owner}-uncordon`;
    const lease = await HeldLease.acquire(leases, keys.regionLease(region), name, LEASE_MS, clock);
    if (!(lease instanceof HeldLease)) throw nobody;
    try {
      if (!(await cordons.put(region, lease.epoch, cordon))) throw nobody;
    } finally {
      await lease.release().catch(() => undefined); // it runs out by itself
    }
  }
}

function asWanted(swarm: Swarm, kind: Cordon['kind']): Swarm {
  if (swarm.state === 'down' || swarm.state === 'suspect') return swarm;
  const freeSlots = kind === 'uncordon' ? swarm.slots - swarm.busySlots : 0;
  return { ...swarm, state: STATES[kind], freeSlots };
}
