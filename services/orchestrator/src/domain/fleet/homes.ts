import type { Heartbeat } from '@multiswarm/contracts';

/** A home is given up after this many of the swarm's own intervals of silence, as its attempts are. */
const SILENT_INTERVALS = 3;

/**
 * In which region each swarm's id lives. Ids are unique over all regions: subjects and placements carry nothing else, so
 * a second swarm of the same id elsewhere would take the first one's work. Pure: `at` is a monotonic time in milliseconds.
 */
export class Homes {
  private readonly homes = new Map<string, { region: string; until: number }>();

  /** @returns the other region in which the id is in use, or undefined where this heartbeat is at home */
  elsewhere({ swarmId, region, state, intervalMs }: Heartbeat, at: number): string | undefined {
    const home = this.homes.get(swarmId);
    if (home && home.region !== region && at < home.until) return home.region;
    if (state === 'stopped') this.homes.delete(swarmId);
    else this.homes.set(swarmId, { region, until: at + SILENT_INTERVALS * intervalMs });
    return undefined;
  }

  /** Forgets homes that were given up. */
  tick(at: number): void {
    for (const [swarmId, { until }] of this.homes) if (until <= at) this.homes.delete(swarmId);
  }
}
