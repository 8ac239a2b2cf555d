import type { PlaceItem } from '@multiswarm/contracts';
import { explainNoSwarm, type NoSwarm } from './explain-no-swarm';
import { feasibleSwarms, type Feasible } from './feasible';
import type { Moment } from './moment';
import { asksOf, type Ask } from './requirement-rules';
import { NO_RESOURCES, toVector, type ResourceVector } from './resource-vector';
import type { SwarmSeen } from './swarm-seen';

/** Requirement classes whose pools are kept; the one that was asked for longest ago goes first. */
const POOLS = 1_000;

interface Swarms {
  swarms(): Iterable<SwarmSeen>;
  versionAt(now: Moment): number;
}

/** Who could ever run a class of work: the same as long as the version of the fleet is. */
export class Pool {
  readonly feasible: Feasible;
  readonly resources: ResourceVector;
  private readonly asks: readonly Ask[];
  private positions: Map<SwarmSeen, number> | undefined;
  private explained: NoSwarm | undefined;

  constructor(
    private readonly fleet: Swarms,
    { type, requirements }: Pick<PlaceItem, 'type' | 'requirements'>,
    now: Moment,
  ) {
    this.asks = asksOf({ type, requirements });
    this.resources = requirements.resources === undefined ? NO_RESOURCES : toVector(requirements.resources);
    this.feasible = feasibleSwarms(fleet.swarms(), this.asks, now);
  }

  /** Swarms that could ever run it. */
  get size(): number {
    return this.feasible.ready.length + this.feasible.suspect.length;
  }

  /** Its place among the swarms that are ready and then those that are suspect. */
  positionOf(swarm: SwarmSeen): number | undefined {
    this.positions ??= new Map(
      [...this.feasible.ready, ...this.feasible.suspect].map((each, position) => [each, position]),
    );
    return this.positions.get(swarm);
  }

  /** The swarm at a position below `size`. */
  at(position: number): SwarmSeen {
    const { ready, suspect } = this.feasible;
    return (position < ready.length ? ready[position] : suspect[position - ready.length]) as SwarmSeen;
  }

  /** Why nobody could ever run it. */
  explain(now: Moment): NoSwarm {
    this.explained ??= explainNoSwarm(this.fleet.swarms(), this.asks, now);
    return this.explained;
  }
}

/** The pools of the classes that were asked for lately. */
export class Pools {
  private readonly pools = new Map<string, { asked: string; pool: Pool }>();
  private version = -1;

  constructor(private readonly fleet: Swarms) {}

  /** The pool of the item's class. A key with other requirements than last time (a route request has none) is looked at anew. */
  of(item: Pick<PlaceItem, 'type' | 'classKey' | 'requirements'>, now: Moment): Pool {
    const version = this.fleet.versionAt(now);
    if (version !== this.version) this.pools.clear();
    this.version = version;
    const key = `${item.type} ${item.classKey}`;
    const asked = JSON.stringify(item.requirements);
    const known = this.pools.get(key);
    this.pools.delete(key);
    const pool = known?.asked === asked ? known.pool : new Pool(this.fleet, item, now);
    this.pools.set(key, { asked, pool });
    if (this.pools.size > POOLS) this.dropOldest();
    return pool;
  }

  private dropOldest(): void {
    const [oldest] = this.pools.keys();
    if (oldest !== undefined) this.pools.delete(oldest);
  }
}
