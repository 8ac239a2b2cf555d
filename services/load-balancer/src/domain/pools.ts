import type { PlaceItem } from '@multiswarm/contracts';
import { explainNoSwarm, type NoSwarm } from './explain-no-swarm';
import { feasibleSwarms, type Feasible } from './feasible';
import type { Moment } from './moment';
import { asksOf, type Ask } from './requirement-rules';
import { NO_RESOURCES, RESOURCE_KINDS, toVector, type ResourceVector } from './resource-vector';
import type { SwarmSeen } from './swarm-seen';

/** Requirement classes whose pools are kept; the one that was asked for longest ago goes first. */
const POOLS = 1_000;
/** Lanes that are looked through for one that a new pool shares. */
const LANES = 32;

interface Swarms {
  swarms(): Iterable<SwarmSeen>;
  versionAt(now: Moment): number;
}

/**
 * Who can take an attempt of some class, and with which resources. Classes differ in more than that, by their type for
 * instance: in a fleet that does everything all of them have one and the same lane.
 */
export class Lane {
  private positions: Map<SwarmSeen, number> | undefined;

  constructor(
    /** Swarms that could ever run it and whose heartbeats are on time. */
    readonly ready: readonly SwarmSeen[],
    /** The same, but they miss heartbeats. */
    readonly suspect: readonly SwarmSeen[],
    readonly resources: ResourceVector,
  ) {}

  /** Swarms that could ever run it. */
  get size(): number {
    return this.ready.length + this.suspect.length;
  }

  /** Its place among the swarms that are ready and then those that are suspect. */
  positionOf(swarm: SwarmSeen): number | undefined {
    this.positions ??= new Map([...this.ready, ...this.suspect].map((each, position) => [each, position]));
    return this.positions.get(swarm);
  }

  /** The swarm at a position below `size`. */
  at(position: number): SwarmSeen {
    const { ready, suspect } = this;
    return (position < ready.length ? ready[position] : suspect[position - ready.length]) as SwarmSeen;
  }

  isLike(other: Lane): boolean {
    return (
      (this.resources === NO_RESOURCES) === (other.resources === NO_RESOURCES) &&
      RESOURCE_KINDS.every((kind) => this.resources[kind] === other.resources[kind]) &&
      isSame(this.ready, other.ready) &&
      isSame(this.suspect, other.suspect)
    );
  }
}

/** What is known of a requirement class as long as the version of the fleet is the same. */
export class Pool {
  readonly feasible: Feasible;
  readonly lane: Lane;
  private readonly asks: readonly Ask[];
  private explained: NoSwarm | undefined;

  constructor(
    private readonly fleet: Swarms,
    { type, requirements }: Pick<PlaceItem, 'type' | 'requirements'>,
    now: Moment,
    lanes: Lane[],
  ) {
    this.asks = asksOf({ type, requirements });
    this.feasible = feasibleSwarms(fleet.swarms(), this.asks, now);
    const resources = requirements.resources === undefined ? NO_RESOURCES : toVector(requirements.resources);
    const lane = new Lane(this.feasible.ready, this.feasible.suspect, resources);
    const known = lanes.find((other) => other.isLike(lane));
    if (known === undefined && lanes.length < LANES) lanes.push(lane);
    this.lane = known ?? lane;
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
  private lanes: Lane[] = [];
  private version = -1;

  constructor(private readonly fleet: Swarms) {}

  /** The pool of the item's class. A key with other requirements than last time (a route request has none) is looked at anew. */
  of(item: Pick<PlaceItem, 'type' | 'classKey' | 'requirements'>, now: Moment): Pool {
    const version = this.fleet.versionAt(now);
    if (version !== this.version) this.clear();
    this.version = version;
    const key = `${item.type} ${item.classKey}`;
    const asked = JSON.stringify(item.requirements);
    const known = this.pools.get(key);
    this.pools.delete(key);
    const pool = known?.asked === asked ? known.pool : new Pool(this.fleet, item, now, this.lanes);
    this.pools.set(key, { asked, pool });
    if (this.pools.size > POOLS) this.dropOldest();
    return pool;
  }

  private clear(): void {
    this.pools.clear();
    this.lanes = [];
  }

  private dropOldest(): void {
    const [oldest] = this.pools.keys();
    if (oldest !== undefined) this.pools.delete(oldest);
  }
}

function isSame(some: readonly SwarmSeen[], others: readonly SwarmSeen[]): boolean {
  return some.length === others.length && some.every((swarm, index) => swarm === others[index]);
}
