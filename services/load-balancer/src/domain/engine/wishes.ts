import { groupKey, groupOf, type PlacementRule, type Routing, type Waiting } from '@multiswarm/contracts';
import type { Random } from '@multiswarm/core';
import { withinSkew, type GroupCounts } from '../affinity/group-counts';
import { isWithinBound, type Ring } from '../affinity/ring';
import type { Distances } from '../locality/distances';
import { levelOf, spillShares, type Level } from '../locality/spill';
import type { WantedPlace } from '../member';
import type { Moment } from '../moment';
import type { Columns } from './columns';
import { instant } from './decision';
import type { Group } from './group';
import type { Pool } from './pool';
import type { View } from './view';

/** For how long a count over all endpoints is taken as it was. */
const COUNTED_MS = 50;

export interface WishParts {
  readonly columns: Columns;
  readonly groups: GroupCounts;
  readonly ring: Ring;
  readonly distances: Distances;
}

/** What wishes have made of a view. */
export interface Granted {
  /** Endpoints that were hidden in the pool, to be shown again. */
  readonly hidden: readonly number[];
  /** Why the item rather waits. The view is empty then. */
  readonly waiting?: Waiting;
  /** What a receipt says of it. */
  readonly reasons: readonly string[];
}

const NONE: Granted = { hidden: [], reasons: [] };

/**
 * Fills views with those whom an item wishes for, of all who have room.
 *
 * W1. What an item insists on (`must`, a wait for its region) comes first: where nobody meets it, the item waits, and says until
 *     when another look is worth it. What it only wishes never leaves nobody.
 * W2. Wishes go in one order, each among those whom the ones before have left: good health, apart, spread, near, preferences.
 *     So a farther region with a free slot is taken before a near one without, but not to please a preference.
 * W3. A region is not waited for where nobody in it could ever run the item.
 */
export class Wishes {
  private readonly regions: string[] = [];
  private readonly healthOf = new WeakMap<Pool, { atMs: number; byRegion: Map<string, Health> }>();
  private meanLoad = { atMs: -Infinity, share: 0 };

  constructor(
    private readonly parts: WishParts,
    private readonly random: Random,
  ) {}

  fill(view: View, pool: Pool, item: WantedPlace, now: Moment): Granted {
    const { routing } = item;
    if (routing === undefined) {
      view.fill(pool);
      return NONE;
    }
    const group = groupKeyOf(item) ?? '';
    const hidden = this.hideGroup(pool, routing, group);
    if (pool.open === 0) {
      if (routing.apart?.must === true) return this.held('apart', item, pool, hidden, now);
      for (const index of hidden.splice(0)) pool.show(index);
    }
    const unmet = this.insist(view, pool, item, group);
    if (unmet !== undefined) return this.held(unmet, item, pool, hidden, now);
    return { hidden, reasons: this.wish(view, pool, routing, group, now) };
  }

  /** Who holds the key of the item, of those in the view; -1 where it has none. */
  holder(view: View, { routing, namespace }: WantedPlace, now: Moment): number {
    const { affinity } = routing ?? {};
    if (affinity === undefined) return -1;
    const { columns, ring } = this.parts;
    const key = groupKey(namespace, affinity);
    const mean = this.meanLoadAt(now);
    const bounded = ring.holder(key, (index) => {
      const [busy, slots] = [columns.busy[index] as number, columns.slots[index] as number];
      return view.has(index) && isWithinBound(busy, slots, mean);
    });
    return bounded >= 0 ? bounded : ring.holder(key, (index) => view.has(index));
  }

  /** Takes those out of the choice who run others of its group. */
  private hideGroup(pool: Pool, { apart }: Routing, group: string): number[] {
    const hidden: number[] = [];
    if (apart?.from !== 'swarm') return hidden;
    for (const index of this.parts.groups.of(group).keys()) if (pool.hide(index)) hidden.push(index);
    return hidden;
  }

  /** W1. Returns the rule that leaves nobody. */
  private insist(
    view: View,
    pool: Pool,
    { routing = {}, waitedMs = 0 }: WantedPlace,
    group: string,
  ): PlacementRule | undefined {
    const { near, localityWaitMs = 0, apart, spread } = routing;
    view.fill(pool);
    if (near !== undefined && waitedMs < localityWaitMs && this.isFeasibleIn(pool, near)) {
      view.fill(pool, (each) => this.regionOf(each.key.place) === near);
      if (view.count === 0) return 'locality';
    }
    if (apart?.must === true && apart.from !== 'swarm') {
      const counts = this.countsBy(apart.from, group);
      view.keep((each) => !counts.has(this.placeOf(apart.from, each)));
      if (view.count === 0) return 'apart';
    }
    if (spread?.must === true) {
      view.keep(this.isEven(view, spread, group));
      if (view.count === 0) return 'spread';
    }
    return undefined;
  }

  /** W2. */
  private wish(
    view: View,
    pool: Pool,
    { near, apart, spread, prefer }: Routing,
    group: string,
    now: Moment,
  ): string[] {
    const reasons: string[] = [];
    if (apart !== undefined && apart.from !== 'swarm') {
      const counts = this.countsBy(apart.from, group);
      view.keepLeast((each) => counts.get(this.placeOf(apart.from, each)) ?? 0);
      reasons.push(`of the ${apart.from}s that run fewest of its group`);
    }
    if (spread !== undefined) {
      const isEven = this.isEven(view, spread, group);
      const counts = this.countsBy(spread.over, group);
      if (view.groups.some(isEven)) view.keep(isEven);
      else view.keepLeast((each) => counts.get(this.placeOf(spread.over, each)) ?? 0);
      reasons.push(`spread over ${spread.over}s, ${spread.maxSkew} apart at most`);
    }
    if (near !== undefined) reasons.push(this.keepNear(view, pool, near, now));
    if (prefer !== undefined) {
      view.keepLeast(({ key }) => -key.score);
      reasons.push(`meets ${view.groups[0]?.key.score ?? 0} of 16 parts of what it prefers`);
    }
    return reasons;
  }

  private isEven(
    view: View,
    { over, maxSkew }: NonNullable<Routing['spread']>,
    group: string,
  ): (each: Group) => boolean {
    const counts = this.countsBy(over, group);
    const open = new Set(view.groups.map((each) => this.placeOf(over, each)));
    const isWithin = withinSkew(open, counts, maxSkew);
    return (each) => isWithin(this.placeOf(over, each));
  }

  /** Keeps one level of distance: the nearest, or, where that is sick, now and then a farther one. */
  private keepNear(view: View, pool: Pool, near: string, now: Moment): string {
    const distanceOf = ({ key }: Group): number =>
      this.parts.distances.between(near, this.regionOf(key.place));
    if (pool.unhealthyCount === 0) view.keepLeast(distanceOf);
    else {
      const levels = this.levels(view, pool, near, distanceOf, now);
      const level = levelOf(spillShares(levels.map(({ load }) => load)), this.random.next());
      const distance = levels[level]?.distance;
      if (distance !== undefined) view.keep((each) => distanceOf(each) === distance);
    }
    const [first] = view.groups;
    return first === undefined ? '' : `${distanceOf(first)} ms from ${near}`;
  }

  private levels(
    view: View,
    pool: Pool,
    near: string,
    distanceOf: (group: Group) => number,
    now: Moment,
  ): { distance: number; load: Level }[] {
    const levels = new Map<number, { total: number; healthy: number; open: number }>();
    for (const each of view.groups) {
      const distance = distanceOf(each);
      const level = levels.get(distance) ?? { total: 0, healthy: 0, open: 0 };
      level.open += each.count;
      levels.set(distance, level);
    }
    for (const [region, { total, healthy }] of this.healthByRegion(pool, now)) {
      const level = levels.get(this.parts.distances.between(near, region));
      if (level === undefined) continue;
      level.total += total;
      level.healthy += healthy;
    }
    return [...levels].sort(([a], [b]) => a - b).map(([distance, load]) => ({ distance, load }));
  }

  private healthByRegion(pool: Pool, { monotonicMs }: Moment): Map<string, Health> {
    const known = this.healthOf.get(pool);
    if (known !== undefined && monotonicMs - known.atMs < COUNTED_MS) return known.byRegion;
    const byRegion = new Map<string, Health>();
    pool.eachFeasible((index, isHealthy) => {
      const region = this.regionOf(this.parts.columns.place[index] as number);
      const health = byRegion.get(region) ?? { total: 0, healthy: 0 };
      health.total += 1;
      if (isHealthy) health.healthy += 1;
      byRegion.set(region, health);
    });
    this.healthOf.set(pool, { atMs: monotonicMs, byRegion });
    return byRegion;
  }

  /** W3. */
  private isFeasibleIn(pool: Pool, region: string): boolean {
    if (pool.groups.some(({ count, key }) => count > 0 && this.regionOf(key.place) === region)) return true;
    let isThere = false;
    pool.eachFeasible((index) => {
      isThere ||= this.regionOf(this.parts.columns.place[index] as number) === region;
    });
    return isThere;
  }

  private held(
    rule: PlacementRule,
    { routing = {}, waitedMs = 0 }: WantedPlace,
    pool: Pool,
    hidden: readonly number[],
    now: Moment,
  ): Granted {
    const detail = WAITS[rule]?.(routing) ?? '';
    const count = pool.open + hidden.length;
    const unmet = { rule, count, detail, examples: [] };
    const againInMs = rule === 'locality' ? (routing.localityWaitMs ?? 0) - waitedMs : undefined;
    const waiting: Waiting = {
      reason: 'no-slot',
      since: instant(now.wallMs),
      detail: `it waits for ${detail}; ${count} with a free slot ${count === 1 ? 'is' : 'are'} none`,
      unmet: [unmet],
      ...(againInMs === undefined ? {} : { againInMs }),
    };
    return { hidden, waiting, reasons: [] };
  }

  private countsBy(place: 'swarm' | 'zone' | 'region', group: string): Map<string, number> {
    const { groups, columns } = this.parts;
    return groups.byPlace(group, (index) => this.nameOf(place, columns.place[index] as number));
  }

  private placeOf(place: 'swarm' | 'zone' | 'region', { key }: Group): string {
    return this.nameOf(place, key.place);
  }

  /** A swarm without a zone is in a zone of its region that has no name. */
  private nameOf(place: 'swarm' | 'zone' | 'region', number: number): string {
    return place === 'region' ? this.regionOf(number) : this.parts.columns.places.name(number);
  }

  private regionOf(place: number): string {
    let region = this.regions[place];
    if (region === undefined) {
      const name = this.parts.columns.places.name(place);
      const end = name.indexOf('/');
      this.regions[place] = region = end < 0 ? name : name.slice(0, end);
    }
    return region;
  }

  private meanLoadAt({ monotonicMs }: Moment): number {
    if (monotonicMs - this.meanLoad.atMs < COUNTED_MS) return this.meanLoad.share;
    const { columns } = this.parts;
    let busy = 0;
    let slots = 0;
    for (let index = 0; index < columns.size; index += 1) {
      if ((columns.idle[index] as number) > 0) continue;
      slots += columns.slots[index] as number;
      busy += Math.min(columns.busy[index] as number, columns.slots[index] as number);
    }
    this.meanLoad = { atMs: monotonicMs, share: slots === 0 ? 0 : busy / slots };
    return this.meanLoad.share;
  }
}

interface Health {
  total: number;
  healthy: number;
}

/** The group in which an item is counted while it runs. */
export function groupKeyOf({ routing, namespace, type }: WantedPlace): string | undefined {
  const group = groupOf(routing, type);
  return group === undefined ? undefined : groupKey(namespace, group);
}

const WAITS: Partial<Record<PlacementRule, (routing: Routing) => string>> = {
  locality: ({ near }) => `a free slot in ${near ?? 'its region'}`,
  apart: ({ apart }) => `a ${apart?.from ?? 'swarm'} that runs no other task of its group`,
  spread: ({ spread }) =>
    `a ${spread?.over ?? 'region'} that would run at most ${spread?.maxSkew ?? 1} more of its group than another`,
};
