import { LIMITS, type PlaceItem } from '@multiswarm/contracts';
import type { Columns } from '../engine/columns';
import type { Group } from '../engine/group';
import type { View } from '../engine/view';
import type { Policy } from '../policies';
import type { Belief } from '../learning/learner';
import type { Moment } from '../moment';
import { FIELDS, GROUP_AT, NUMBERS, ROW_AT, type Seen } from './seen';

/** Who says what is believed of types of work, and who an endpoint is. */
export interface SeenParts {
  readonly learner?: Beliefs | undefined;
  readonly swarmAt: (row: number) => { readonly swarmId: string; readonly region: string };
}

interface Choice {
  /** How many it was among. */
  readonly open: number;
  /** Rows, the chosen one first. */
  readonly ranked: Int32Array;
  readonly now: Moment;
}

interface Beliefs {
  isOn(namespace: string): boolean;
  belief(type: string, swarmClass: string): Belief;
}

/**
 * The last decisions with what was seen, in a ring whose places are written anew: keeping one more takes no further memory.
 *
 * S1. `SEEN_PER_SECOND` are kept of a second, the first ones, and as many may come at once: what it costs does not grow with the load.
 * S2. Of more endpoints than REPLAY_ROWS those are kept that were ranked, and some of the others.
 */
export class SeenLog {
  private readonly ring: Seen[] = [];
  private next = 0;
  /** Of the view that was looked at last. */
  private groups: readonly Group[] = [];
  private prices: readonly number[] = [];
  private allowed: number = LIMITS.SEEN_PER_SECOND;
  private allowedAtMs = 0;

  /** @param capacity decisions that are kept; 0: none */
  constructor(
    private readonly capacity: number,
    private readonly parts: SeenParts,
  ) {}

  get size(): number {
    return this.ring.length;
  }

  /** Newest first. */
  *newest(): IterableIterator<Seen> {
    for (let back = 1; back <= this.ring.length; back += 1) {
      const seen = this.ring[(this.next - back + this.ring.length) % this.ring.length];
      if (seen !== undefined) yield seen;
    }
  }

  /** The same policy; what it sees is kept. */
  witnessed(policy: Policy): Policy {
    if (this.capacity === 0) return policy;
    const rank: Policy['rank'] = (view, item, aids) => {
      if (!this.mayKeep(aids.now)) return policy.rank(view, item, aids);
      // Before it is asked: policies narrow the view.
      const { count } = view;
      this.groups = view.groups;
      this.prices = this.groups.map((_, at) => view.priceAt(at));
      const looked = policy.rank(view, item, aids);
      this.keep(view, item, policy.name, {
        open: count,
        ranked: aids.ranked.subarray(0, looked),
        now: aids.now,
      });
      return looked;
    };
    // What it says of itself may change while it ranks: that is asked of the policy.
    return Object.create(policy, { rank: { value: rank } }) as Policy;
  }

  private keep(view: View, item: PlaceItem, policy: string, { open, ranked, now }: Choice): void {
    const seen = (this.ring[this.next] ??= emptySeen());
    this.next = (this.next + 1) % this.capacity;
    seen.item = item;
    seen.at = now;
    seen.policy = policy;
    seen.open = open;
    seen.virtualTime = view.columns.virtualTime;
    this.keepGroups(seen, view.columns);
    this.keepRows(seen, view, ranked);
  }

  /** S1. */
  private mayKeep({ monotonicMs }: Moment): boolean {
    const most = LIMITS.SEEN_PER_SECOND;
    const since = Math.max(0, monotonicMs - this.allowedAtMs);
    this.allowed = Math.min(most, this.allowed + (since * most) / 1_000);
    this.allowedAtMs = monotonicMs;
    if (this.allowed < 1) return false;
    this.allowed -= 1;
    return true;
  }

  private keepGroups(seen: Seen, { places, classes }: Columns): void {
    const { type, namespace } = seen.item;
    const { learner } = this.parts;
    seen.groups = this.groups.map(({ key: { tier, score, place, swarmClass } }, at) => ({
      ...{ tier, score, place: places.name(place), swarmClass: classes.name(swarmClass) },
      price: this.prices[at] as number,
    }));
    if (learner?.isOn(namespace) !== true) seen.beliefs = undefined;
    else {
      const names = new Set(seen.groups.map(({ swarmClass }) => swarmClass));
      seen.beliefs = new Map([...names].map((name) => [name, learner.belief(type, name)]));
    }
  }

  /** S2. In the order of the view, so that the first of a group stays the first. */
  private keepRows(seen: Seen, view: View, ranked: Int32Array): void {
    const { open } = seen;
    const isAll = open <= LIMITS.REPLAY_ROWS;
    const most = isAll ? open : LIMITS.REPLAY_ROWS - ranked.length;
    // The others from all over the view, not only from its first group.
    const stride = isAll ? 1 : open / most;
    const left = new Set(ranked);
    let number = 0;
    let passed = 0;
    seen.rows = 0;
    for (let taken = 0; taken < most; taken += 1) {
      const rank = Math.floor(taken * stride);
      while (rank - passed >= (this.groups[number] as Group).count) {
        passed += (this.groups[number] as Group).count;
        number += 1;
      }
      const row = (this.groups[number] as Group).at(rank - passed);
      left.delete(row);
      this.keepRow(seen, view.columns, row, number);
    }
    for (const row of left) {
      const group = view.groupOf(row);
      if (group !== undefined) this.keepRow(seen, view.columns, row, this.groups.indexOf(group));
    }
    seen.chosen = rowNumber(seen, ranked[0] as number);
  }

  private keepRow(seen: Seen, columns: Columns, row: number, group: number): void {
    const at = seen.rows * NUMBERS;
    if (at + NUMBERS > seen.numbers.length) seen.numbers = twiceAsLong(seen.numbers);
    const { numbers } = seen;
    for (let field = 0; field < FIELDS.length; field += 1)
      numbers[at + field] = columns[FIELDS[field] as (typeof FIELDS)[number]][row] as number;
    numbers[at + GROUP_AT] = group;
    numbers[at + ROW_AT] = row;
    const { swarmId, region } = this.parts.swarmAt(row);
    seen.swarmIds[seen.rows] = swarmId;
    seen.regions[seen.rows] = region;
    seen.rows += 1;
  }
}

/** Endpoints that a fresh record has room for. */
const ROOM = 8;

function emptySeen(): Seen {
  return {
    ...{ at: { wallMs: 0, monotonicMs: 0 }, policy: '', open: 0, rows: 0 },
    item: { key: '', attempt: 1, namespace: '', type: '', requirements: {}, classKey: '' },
    ...{ swarmIds: [], regions: [], groups: [], virtualTime: 0, beliefs: undefined, chosen: 0 },
    numbers: new Float64Array(ROOM * NUMBERS),
  };
}

function twiceAsLong(numbers: Float64Array): Float64Array {
  const longer = new Float64Array(numbers.length * 2);
  longer.set(numbers);
  return longer;
}

function rowNumber({ rows, numbers }: Seen, row: number): number {
  for (let at = 0; at < rows; at += 1) if (numbers[at * NUMBERS + ROW_AT] === row) return at;
  return -1;
}
