import { THRESHOLDS } from './health-settings';
import { isPanic } from './panic';
import type { Standing, SwarmHealth } from './swarm-health';

/** What is counted of a fleet, or of the swarms in it that can do the same. */
export interface Census {
  /** Undefined for the fleet. */
  readonly group: string | undefined;
  routable: number;
  up: number;
  isPanic: boolean;
}

/**
 * Counts who is routable, in the fleet and in each group of swarms that can do the same, and says where too few are.
 *
 * P1. A swarm counts in the fleet and in its group, with its present standing, once.
 * P2. What panic allows does not change who counts as routable: it cannot end itself.
 */
export class PanicGroups {
  readonly fleet: Census = { group: undefined, routable: 0, up: 0, isPanic: false };
  private readonly groups = new Map<string, Census>();

  constructor(private readonly below: number) {}

  join({ facts, standing }: SwarmHealth): Census[] {
    return this.count(facts.group, standing, 1);
  }

  leave({ facts, standing }: SwarmHealth): Census[] {
    return this.count(facts.group, standing, -1);
  }

  /** @returns where a panic has begun or ended by it */
  stand(swarm: SwarmHealth, standing: Standing): Census[] {
    if (swarm.standing === standing) return [];
    const flipped = [...this.leave(swarm)];
    swarm.standing = standing;
    // What has flipped there and back again has not flipped.
    return toggled(flipped, this.join(swarm));
  }

  isPanicFor(group: string): boolean {
    return this.fleet.isPanic || this.groups.get(group)?.isPanic === true;
  }

  private count(group: string, standing: Standing, by: 1 | -1): Census[] {
    const own: Census = this.groups.get(group) ?? { group, routable: 0, up: 0, isPanic: false };
    this.groups.set(group, own);
    const flipped = [this.fleet, own].filter((census) => this.countIn(census, standing, by));
    if (own.up === 0) this.groups.delete(group);
    return flipped;
  }

  private countIn(census: Census, standing: Standing, by: 1 | -1): boolean {
    if (standing !== 'away') census.up += by;
    if (standing === 'routable') census.routable += by;
    const isFew = census.group !== undefined && census.up < THRESHOLDS.PANIC_HOSTS;
    const now = !isFew && isPanic(census.routable, census.up, this.below);
    const flips = now !== census.isPanic;
    census.isPanic = now;
    return flips;
  }
}

function toggled(first: Census[], second: Census[]): Census[] {
  return [
    ...first.filter((census) => !second.includes(census)),
    ...second.filter((census) => !first.includes(census)),
  ];
}
