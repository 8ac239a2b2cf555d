import type { Swarm } from '@multiswarm/contracts';
import type { Cordon, Regions } from '../ports';
import type { Fleet } from './fleet';

const STATES = { cordon: 'cordoned', drain: 'draining', uncordon: 'ready' } as const;

/** What operators ask of swarms: the coordinator of the region keeps it, and sees to it. */
export class FleetControl {
  constructor(
    private readonly fleet: Fleet,
    private readonly regions: Regions,
  ) {}

  /**
   * @returns the swarm as it will be: its next heartbeat says so itself
   * @throws MultiswarmError `swarm-not-found`, or `region-unavailable` when nobody coordinates its region right now
   */
  async want(kind: Cordon['kind'], { id, reason }: { id: string; reason: string }): Promise<Swarm> {
    const { region } = this.fleet.swarm(id);
    await this.regions.control(region, id, { v: 1, kind, reason });
    return asWanted(this.fleet.swarm(id), kind);
  }
}

function asWanted(swarm: Swarm, kind: Cordon['kind']): Swarm {
  if (swarm.state === 'down' || swarm.state === 'suspect') return swarm;
  const freeSlots = kind === 'uncordon' ? swarm.slots - swarm.busySlots : 0;
  return { ...swarm, state: STATES[kind], freeSlots };
}
