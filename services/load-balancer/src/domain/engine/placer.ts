import type { RankedSwarm, Rejection, Waiting } from '@multiswarm/contracts';
import { explainNoSwarm } from '../explain-no-swarm';
import type { Fleet } from '../fleet';
import type { WantedPlace } from '../member';
import type { Moment } from '../moment';
import type { Aids, Policy } from '../policies';
import { asksOf } from '../requirement-rules';
import { NO_RESOURCES } from '../resource-vector';
import { attemptKey } from '../swarm-seen';
import { TIERS } from './columns';
import { instant, type Outcome } from './decision';
import { Placed, Ranks, type Facts } from './placed';
import { EXAMPLES } from './drops';
import type { Pool } from './pool';
import { View } from './view';
import { groupKeyOf, Wishes, type Granted } from './wishes';

export type PolicyOf = (item: WantedPlace) => Policy;

/** What some policies would decide for one item. */
export interface TriedOut {
  decidedAt: string;
  candidates: number;
  feasible: number;
  withFreeSlot: number;
  viewAgeMs: number;
  rejected: Rejection[];
  /** In the order of the policies; empty where it would wait. */
  chosen: {
    policy: Policy;
    ranked: readonly [RankedSwarm, ...RankedSwarm[]];
    scores: readonly number[];
    free: number;
  }[];
  waiting?: Waiting;
}

/**
 * Places items in their order, each into a slot that is reserved for it, or says why it waits.
 *
 * P1. Later items see the reservations of earlier ones.
 * P2. Once an item was refused, later items of its class are refused with the same words: within one call nothing comes free.
 * P3. An attempt that is in the list twice is placed once.
 * P4. A free slot first: no item is placed on a swarm that has none, however good it is otherwise.
 */
export class Placer {
  private readonly view: View;
  private readonly wishes: Wishes;
  private waiting = new Map<Pool, Waiting>();

  constructor(
    private readonly fleet: Fleet,
    private readonly aids: Aids,
  ) {
    this.view = new View(fleet.columns);
    this.wishes = new Wishes(fleet, aids.random);
  }

  place(items: readonly WantedPlace[], now: Moment, policyOf: PolicyOf): Outcome[] {
    const [only] = items;
    if (only !== undefined && items.length === 1) return [this.alone(only, now, policyOf)];
    const keys = items.map(keyOf);
    // Whoever asks again for an attempt has lost the first answer. All is given back before anything is placed, or P2 would not hold.
    for (const key of keys) this.fleet.cancel(key);
    this.begin(now);
    const answers = new Map<string, Outcome>();
    return items.map((item, index) => {
      const key = keys[index] as string;
      const answer = answers.get(key) ?? this.one(item, key, now, policyOf);
      answers.set(key, answer);
      return answer;
    });
  }

  /** As most come: nothing is remembered for those behind it. */
  private alone(item: WantedPlace, now: Moment, policyOf: PolicyOf): Outcome {
    const key = keyOf(item);
    this.fleet.cancel(key);
    this.begin(now);
    return this.one(item, key, now, policyOf);
  }

  private begin(now: Moment): void {
    this.fleet.noteSilence(now);
    if (this.waiting.size > 0) this.waiting.clear();
    this.aids.begin(now);
  }

  private one(item: WantedPlace, key: string, now: Moment, policyOf: PolicyOf): Outcome {
    const pool = this.fleet.pools.of(item);
    const refused = this.waiting.get(pool);
    if (refused !== undefined) return { key: item.key, waiting: refused };
    if (pool.open === 0) {
      const waiting = this.refuse(item, pool, now);
      this.waiting.set(pool, waiting);
      return { key: item.key, waiting };
    }
    const avoided = this.hide(pool, item.avoid);
    if (pool.open > 0) return this.choose(item, key, pool, now, policyOf(item), avoided, '');
    for (const index of avoided) pool.show(index);
    return this.choose(item, key, pool, now, policyOf(item), NOBODY, AVOIDED);
  }

  /** Whom an item could go to now, as far as policies see it; nothing is reserved. Undefined where nobody has room. */
  consider<T>(item: WantedPlace, now: Moment, use: (view: View, aids: Aids) => T): T | undefined {
    this.fleet.noteSilence(now);
    this.aids.begin(now);
    const pool = this.fleet.pools.of(item);
    const hidden = this.hide(pool, item.avoid);
    // As above: where only those to be avoided have room, one of them it is.
    if (pool.open === 0) for (const index of hidden) pool.show(index);
    let granted: Granted | undefined;
    try {
      if (pool.open === 0) return undefined;
      granted = this.wishes.fill(this.view, pool, item, now);
      return granted.waiting === undefined ? use(this.view, this.aids) : undefined;
    } finally {
      for (const index of hidden) pool.show(index);
      for (const index of granted?.hidden ?? NOBODY) pool.show(index);
    }
  }

  /** What each policy would decide for an item now: nothing is reserved, and nobody's turn is over. */
  tryOut(item: WantedPlace, now: Moment, policies: readonly Policy[]): TriedOut {
    const { fleet } = this;
    fleet.noteSilence(now);
    this.aids.begin(now);
    const pool = fleet.pools.apart(item);
    const counts = { candidates: fleet.size, feasible: pool.feasible, withFreeSlot: pool.open };
    const facts = { decidedAt: instant(now.wallMs), viewAgeMs: fleet.silentMs(now), ...counts };
    if (pool.open === 0) {
      const waiting = this.refuse(item, pool, now);
      return { ...facts, rejected: pool.rejected(), chosen: [], waiting };
    }
    let avoided = this.hide(pool, item.avoid);
    if (pool.open === 0) {
      for (const index of avoided) pool.show(index);
      avoided = NOBODY;
    }
    const { waiting, hidden } = this.wishes.fill(this.view, pool, item, now);
    const chosen = waiting === undefined ? policies.map((each) => this.tried(item, pool, each, now)) : [];
    for (const index of [...avoided, ...hidden]) pool.show(index);
    const rejected = avoided.length === 0 ? pool.rejected() : this.rejectedBut(pool, avoided);
    return { ...facts, rejected, chosen, ...(waiting === undefined ? {} : { waiting }) };
  }

  private tried(item: WantedPlace, pool: Pool, asked: Policy, now: Moment): TriedOut['chosen'][number] {
    const { view } = this;
    this.wishes.fill(view, pool, item, now);
    const holder = this.wishes.holder(view, item, now);
    const policy = holder < 0 ? asked : heldBy(asked, item);
    const looked = this.rank(item, asked, holder);
    const ranks = this.ranks(looked);
    // A policy ranks one at least.
    const ranked = ranks.swarms() as [RankedSwarm, ...RankedSwarm[]];
    return { policy, ranked, scores: ranks.scores(), free: view.count };
  }

  /** Takes those to be avoided out of the choice. */
  private hide(pool: Pool, avoid: readonly string[] | undefined): readonly number[] {
    if (avoid === undefined || avoid.length === 0) return NOBODY;
    const hidden: number[] = [];
    for (const swarmId of avoid) {
      const index = this.fleet.get(swarmId)?.index;
      if (index !== undefined && pool.hide(index)) hidden.push(index);
    }
    return hidden;
  }

  /** There is somebody to choose. */
  private choose(
    item: WantedPlace,
    key: string,
    pool: Pool,
    now: Moment,
    policy: Policy,
    hidden: readonly number[],
    caveat: string,
  ): Outcome {
    const { fleet, view, aids } = this;
    const granted = this.wishes.fill(view, pool, item, now);
    const holder = granted.waiting === undefined ? this.wishes.holder(view, item, now) : -1;
    const looked = granted.waiting === undefined ? this.rank(item, policy, holder) : 0;
    const isLate = view.tier === TIERS.fallback;
    const free = view.count;
    showAgain(pool, hidden);
    showAgain(pool, granted.hidden);
    if (granted.waiting !== undefined) return { key: item.key, waiting: granted.waiting };
    const ranks = this.ranks(looked);
    const chosen = fleet.at(aids.ranked[0] as number);
    const { index } = chosen;
    const stalenessMs = now.monotonicMs - (fleet.columns.seenMs[index] as number);
    const needed = pool.work.resources ?? NO_RESOURCES;
    const { number } = fleet.reserveNew(chosen, key, needed, now, groupKeyOf(item));
    policy.chosen?.(fleet.columns, index);
    fleet.placed(chosen, item.type, now);
    const facts: Facts = {
      key: item.key,
      policy: holder < 0 ? policy : heldBy(policy, item),
      wallMs: now.wallMs,
      known: fleet.size,
      feasible: pool.feasible,
      withRoom: pool.open,
      free,
      turned: hidden.length === 0 ? pool.turnedDown() : { list: this.rejectedBut(pool, hidden) },
      caveat: caveat === '' && !isLate ? '' : caveatOf(caveat, isLate ? fleet.whyLast(chosen) : ''),
      wishes: granted.reasons.length === 0 ? undefined : granted.reasons,
      stalenessMs,
      viewAgeMs: fleet.silentMs(now),
      replica: fleet.replica,
      reservation: number,
    };
    return new Placed(facts, ranks);
  }

  /** As it is before anything is reserved. */
  private ranks(looked: number): Ranks {
    const { fleet, aids } = this;
    const ranks = new Ranks(looked);
    for (let at = 0; at < looked; at += 1) {
      const index = aids.ranked[at] as number;
      ranks.set(at, fleet.shownAt(index), fleet.columns.busy[index] as number, aids.scores[at] as number);
    }
    return ranks;
  }

  private rank(item: WantedPlace, policy: Policy, holder: number): number {
    if (holder < 0) return policy.rank(this.view, item, this.aids);
    this.aids.ranked[0] = holder;
    this.aids.scores[0] = 0;
    return 1;
  }

  private rejectedBut(pool: Pool, avoided: readonly number[]): Rejection[] {
    const examples = avoided.slice(0, EXAMPLES).map((index) => this.fleet.nameAt(index));
    const detail = 'another swarm than the ones to avoid';
    return [...pool.rejected(), { rule: 'avoided', count: avoided.length, detail, examples }];
  }

  private refuse(item: WantedPlace, pool: Pool, now: Moment): Waiting {
    const since = instant(now.wallMs);
    const could = pool.feasible;
    if (could === 0)
      return { reason: 'no-swarm', since, ...explainNoSwarm(this.fleet.swarms(), asksOf(item), now) };
    const unmet = pool.withoutRoom();
    const names = unmet.flatMap(({ examples }) => examples).slice(0, EXAMPLES);
    const more = could > EXAMPLES ? ` and ${could - EXAMPLES} more` : '';
    const who =
      could === 1 ? '1 swarm could run it and has not' : `${could} swarms could run it and none has`;
    const needs = unmet[unmet.length - 1]?.detail ?? 'a free slot';
    return { reason: 'no-slot', since, detail: `${who} ${needs} now: ${names.join(', ')}${more}`, unmet };
  }
}

function keyOf({ key, attempt }: WantedPlace): string {
  return attemptKey({ taskId: key, attempt });
}

function showAgain(pool: Pool, hidden: readonly number[]): void {
  for (let at = 0; at < hidden.length; at += 1) pool.show(hidden[at] as number);
}

/** A policy that was not asked, because a key has its place. */
function heldBy(policy: Policy, { routing }: WantedPlace): Policy {
  return {
    name: policy.name,
    summary: policy.summary,
    rank: () => 0,
    because: () => `it holds the key "${routing?.affinity ?? ''}"`,
  };
}

const NOBODY: readonly number[] = [];
const AVOIDED = ' was to be avoided';

function caveatOf(...reasons: string[]): string {
  const said = reasons.filter((reason) => reason !== '');
  return said.length === 0 ? '' : `; it${said.join(' and')}, but no other has a free slot`;
}
