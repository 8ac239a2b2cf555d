import type { AttemptRef, NamespaceSettings } from '@multiswarm/contracts';
import { limitForKey } from '../namespaces/settings';
import { Heap, SlotMap } from '@multiswarm/core';
import { Limit } from './limit';
import { miscounts, type Miscount } from './limit-audit';
import type { Now } from './now';
import type { Track } from './track';
import { WaitingRoom, type Standing } from './waiting-room';

/** Limits that nobody names any more, but whose starts still count. */
const SPENT_LIMITS = 100_000;
/** Attempts that are looked at for those that hold a limit. */
const HOLDER_LOOKS = 20_000;

/** All limits that a task is under, the one of its namespace first. Equal lists of one namespace are the same object. */
export interface LimitSet {
  readonly name: string;
  readonly keys: readonly string[];
  readonly limits: readonly Limit[];
  readonly namespace: NamespaceLimits;
  /** Tracks and attempts. */
  users: number;
}

interface NamespaceLimits {
  readonly name: string;
  readonly whole: Limit;
  readonly byKey: Map<string, Limit>;
  readonly sets: Map<string, LimitSet>;
}

/** An attempt that counts. */
interface Held {
  attempt: number;
  shard: number;
  set: LimitSet;
  /** Another attempt of its task: the end of one may be told after the start of the next. */
  other: Held | undefined;
}

/**
 * What runs under which limit, over all shards.
 *
 * B1. An attempt counts once, from when it is picked until it is released or comes to nothing, in the namespace's limit and
 *     in one for each key; whether a limit is set or not, so that one set later counts right at once.
 * B2. Where something is let go and somebody waits for it, the limit is `reopened`, until nobody waits or it is used up again.
 * B3. Before every shard has told what it holds nothing under a limit may start: the count would be too low.
 */
export class Limits {
  /** B2. */
  readonly reopened = new Set<Limit>();
  private readonly namespaces = new Map<string, NamespaceLimits>();
  /** By task: a key of the attempt's own would have to be put together several times for each. */
  private readonly held = new SlotMap<string, Held>();
  private readonly spent = new Set<Limit>();
  private readonly waitingForTokens = new Heap<Limit>(
    (a, b) => a.dueAt < b.dueAt,
    (limit, at) => {
      limit.tokenAt = at;
    },
  );
  private complete = false;

  constructor(
    private readonly settings: (namespace: string) => NamespaceSettings,
    private readonly standing: (track: Track) => Standing | undefined,
    /** A namespace's own limit held it, and nobody is under it any more. */
    private readonly letGo: (namespace: string) => void,
    /** Since when starts are counted; always, unless told. */
    private readonly countedSince = -Infinity,
  ) {}

  /** B3. */
  get isComplete(): boolean {
    return this.complete;
  }

  /** B3: what runs somewhere is not known any more, until it is told again. */
  setIncomplete(): void {
    this.complete = false;
  }

  setComplete(): void {
    this.complete = true;
    for (const { whole, byKey } of this.namespaces.values())
      for (const limit of [whole, ...byKey.values()]) if (limit.isAwaited) this.reopened.add(limit);
  }

  /** The limits of a task. To be given back with `leave` by whoever keeps it. */
  setFor(namespace: string, keys: readonly string[] | undefined): LimitSet {
    const own = this.namespace(namespace);
    const sorted = keys && keys.length > 0 ? [...new Set(keys)].sort() : [];
    const name = sorted.join(' ');
    let set = own.sets.get(name);
    if (!set) {
      const limits = [own.whole, ...sorted.map((key) => this.limit(own, key))];
      for (const limit of limits) limit.users += 1;
      set = { name, keys: sorted, limits, namespace: own, users: 0 };
      own.sets.set(name, set);
    }
    set.users += 1;
    return set;
  }

  leave(set: LimitSet, now: number): void {
    set.users -= 1;
    if (set.users > 0) return;
    set.namespace.sets.delete(set.name);
    for (const limit of set.limits) {
      limit.users -= 1;
      if (limit.users === 0) this.retire(limit, now);
    }
  }

  /** The first limit that lets none of these start. */
  blocking(set: LimitSet, now: number): Limit | undefined {
    return set.limits.find((limit) => this.free(limit, now) < 1);
  }

  free(limit: Limit, now: number): number {
    return limit.setting && !this.complete ? 0 : limit.free(now);
  }

  /** B1: a start. @returns whether it was not counted yet */
  start(ref: AttemptRef, shard: number, set: LimitSet, now: number): boolean {
    return this.count(ref, shard, set, (limit) => {
      limit.start(now);
    });
  }

  /** B1: an attempt that somebody says is current. */
  hold(ref: AttemptRef, shard: number, set: LimitSet): boolean {
    return this.count(ref, shard, set, (limit) => {
      limit.running += 1;
    });
  }

  holds(ref: AttemptRef): boolean {
    return this.find(ref) !== undefined;
  }

  /** It has ended. */
  release(ref: AttemptRef, now: number): void {
    this.end(ref, now, stopRunning);
  }

  /** It was picked and did not start. */
  undo(ref: AttemptRef, now: number): void {
    this.end(ref, now, undoStart);
  }

  /** The shard tells anew what it holds. */
  forgetShard(shard: number, now: number): void {
    for (const [taskId, first] of this.held)
      for (let held: Held | undefined = first; held; held = held.other)
        if (held.shard === shard) this.end({ taskId, attempt: held.attempt }, now, stopRunning);
  }

  /** The attempts of a shard that count. */
  *heldOf(shard: number): Generator<AttemptRef, void, undefined> {
    for (const [taskId, first] of this.held)
      for (let each: Held | undefined = first; each; each = each.other)
        if (each.shard === shard) yield { taskId, attempt: each.attempt };
  }

  /** Limits that count wrong. @param mend sets them right */
  audit(mend: boolean): (Miscount & { counted: number })[] {
    const limits = [...this.namespaces.values()].flatMap(({ whole, byKey }) => [whole, ...byKey.values()]);
    const wrong = miscounts(limits, this.sets());
    const found = wrong.map(({ limit, held }) => ({ limit, held, counted: limit.running }));
    if (!mend) return found;
    for (const { limit, held } of wrong) {
      limit.running = held;
      if (limit.isAwaited) this.reopened.add(limit);
    }
    return found;
  }

  private *sets(): Generator<readonly Limit[], void, undefined> {
    for (const first of this.held.values())
      for (let each: Held | undefined = first; each; each = each.other) yield each.set.limits;
  }

  /** Tasks that count under a limit, those that were placed first; among the HOLDER_LOOKS oldest. */
  holders(limit: Limit, most: number): string[] {
    const tasks: string[] = [];
    let looks = HOLDER_LOOKS;
    for (const [taskId, { set }] of this.held) {
      if (tasks.length === Math.min(most, limit.running) || (looks -= 1) < 0) break;
      if (set.limits.includes(limit)) tasks.push(taskId);
    }
    return tasks;
  }

  /** Somebody waits for this limit. */
  wait(limit: Limit, now: number): void {
    if (limit.tokenAt >= 0) return;
    const dueAt = limit.nextTokenAt(now);
    if (dueAt === undefined || !this.complete) return;
    limit.dueAt = dueAt;
    this.waitingForTokens.push(limit);
  }

  /** Why a limit holds somebody. */
  describe(limit: Limit, now: Now): string {
    if (this.complete) return limit.describe(now.monotonic, now.wall);
    const what = limit.key === undefined ? `namespace "${limit.namespace}"` : `"${limit.key}"`;
    return `the limit of ${what} cannot be counted yet: a new scheduler waits until every shard has told what runs`;
  }

  /** When the next token comes for which somebody waits, monotonic ms. */
  get nextTokenAt(): number | undefined {
    return this.waitingForTokens.top?.dueAt;
  }

  /** Reopens what has got a token meanwhile. */
  tick(now: number): void {
    for (let top = this.waitingForTokens.top; top && top.dueAt <= now; top = this.waitingForTokens.top) {
      this.waitingForTokens.pop();
      this.reopened.add(top);
    }
  }

  settingsChanged(name: string): void {
    const own = this.namespaces.get(name);
    if (!own) return;
    const settings = this.settings(name);
    for (const limit of [own.whole, ...own.byKey.values()]) {
      limit.set(limit.key === undefined ? settings.limit : limitForKey(settings, limit.key));
      if (limit.tokenAt >= 0) this.waitingForTokens.removeAt(limit.tokenAt);
      this.reopened.add(limit);
    }
  }

  private count(ref: AttemptRef, shard: number, set: LimitSet, begin: (limit: Limit) => void): boolean {
    if (this.find(ref)) return false;
    const { taskId, attempt } = ref;
    this.held.set(taskId, { attempt, shard, set, other: this.held.get(taskId) });
    set.users += 1;
    for (const limit of set.limits) begin(limit);
    return true;
  }

  private find({ taskId, attempt }: AttemptRef): Held | undefined {
    let held = this.held.get(taskId);
    while (held !== undefined && held.attempt !== attempt) held = held.other;
    return held;
  }

  private end(ref: AttemptRef, now: number, letGo: (limit: Limit) => void): void {
    const held = this.find(ref);
    if (!held) return;
    this.forgetHeld(ref.taskId, held);
    for (const limit of held.set.limits) {
      letGo(limit);
      if (limit.isAwaited) this.reopened.add(limit); // B2
    }
    this.leave(held.set, now);
  }

  private forgetHeld(taskId: string, held: Held): void {
    const first = this.held.get(taskId);
    if (first !== held) {
      for (let each = first; each; each = each.other) if (each.other === held) each.other = held.other;
    } else if (held.other) this.held.set(taskId, held.other);
    else this.held.delete(taskId);
  }

  private namespace(name: string): NamespaceLimits {
    let own = this.namespaces.get(name);
    if (!own) {
      const whole = new Limit(name, undefined, this.newRoom(), this.countedSince);
      whole.set(this.settings(name).limit);
      own = { name, whole, byKey: new Map(), sets: new Map() };
      this.namespaces.set(name, own);
    }
    return own;
  }

  private limit(own: NamespaceLimits, key: string): Limit {
    let limit = own.byKey.get(key);
    if (!limit) {
      limit = new Limit(own.name, key, this.newRoom(), this.countedSince);
      limit.set(limitForKey(this.settings(own.name), key));
      own.byKey.set(key, limit);
    }
    this.spent.delete(limit);
    return limit;
  }

  private newRoom(): WaitingRoom<Track> {
    return new WaitingRoom(this.standing);
  }

  /** Kept while its starts count, or whoever names it again would find a full bucket. */
  private retire(limit: Limit, now: number): void {
    this.reopened.delete(limit);
    // Whoever comes next may meet another object that knows nothing of the hold.
    if (limit.isHolding) this.letGo(limit.namespace);
    limit.isHolding = false;
    if (limit.tokenAt >= 0) this.waitingForTokens.removeAt(limit.tokenAt);
    this.spent.add(limit);
    let looks = 2;
    for (const oldest of this.spent) {
      const surplus = this.spent.size > SPENT_LIMITS;
      if (looks === 0 || (!surplus && oldest.isSpent(now))) break;
      looks -= 1;
      this.spent.delete(oldest);
      this.forget(oldest);
    }
  }

  private forget(limit: Limit): void {
    const own = this.namespaces.get(limit.namespace);
    if (!own || limit.users > 0) return;
    if (limit.key !== undefined) own.byKey.delete(limit.key);
    if (own.sets.size === 0 && own.byKey.size === 0 && own.whole.users === 0)
      this.namespaces.delete(limit.namespace);
  }
}

function stopRunning(limit: Limit): void {
  limit.running -= 1;
}

function undoStart(limit: Limit): void {
  limit.undo();
}
