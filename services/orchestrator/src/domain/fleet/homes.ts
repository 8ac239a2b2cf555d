import { LIMITS, type Heartbeat } from '@multiswarm/contracts';
import { heartbeatLiveness } from '@multiswarm/core';

interface Home {
  region: string;
  seenAt: number;
  intervalMs: number;
}

/**
 * In which region each swarm's id lives. Ids are unique over all regions: subjects and placements carry nothing else, so
 * a second swarm of the same id elsewhere would take the first one's work. Pure: `at` is a monotonic time in milliseconds.
 */
export class Homes {
  private readonly homes = new Map<string, Home>();

  /** @param most ids that are remembered: whoever comes while all of these live has no home */
  constructor(private readonly most: number = LIMITS.SWARMS_IN_VIEW) {}

  /** @returns the other region in which the id is in use, or undefined where this heartbeat is at home */
  elsewhere({ swarmId, region, state, intervalMs }: Heartbeat, at: number): string | undefined {
    const home = this.homes.get(swarmId);
    if (home && home.region !== region && !isGivenUp(home, at)) return home.region;
    if (state === 'stopped') this.homes.delete(swarmId);
    else if (home || this.homes.size < this.most) this.homes.set(swarmId, { region, seenAt: at, intervalMs });
    return undefined;
  }

  /** Forgets homes that were given up. */
  tick(at: number): void {
    for (const [swarmId, home] of this.homes) if (isGivenUp(home, at)) this.homes.delete(swarmId);
  }
}

/** After the same silence as its attempts. */
function isGivenUp({ seenAt, intervalMs }: Home, at: number): boolean {
  return heartbeatLiveness(at - seenAt, intervalMs) === 'down';
}
