import type { AttemptRef, LbReport } from '@multiswarm/contracts';
import { SlotMap, type Cancel, type Clock } from '@multiswarm/core';
import type { AttemptGrant, Fetched, FreedSlot, Placer, QueuedChange, SchedulerLink } from '../ports';
import { attemptKey } from './scheduler-changes';

type End = LbReport['outcomes'][number];

/** Which attempt takes over the slot of which task's ended attempt; read when the end is committed. */
export type Successors = Map<string, AttemptRef>;

export interface KeptParts {
  link: SchedulerLink;
  gateOf(shard: number): { grantKept(grants: readonly AttemptGrant[]): Promise<AttemptRef[]> } | undefined;
  placer: Pick<Placer, 'report'>;
  clock: Clock;
}

interface Kept {
  slot: FreedSlot;
  next: Successors;
  /** Once it is committed. */
  end: End | undefined;
  until: number;
}

type Handed = Fetched & { told: Successors | undefined };

/** Slots of one replica that are kept at once. */
const MOST_KEPT = 1_000;

/**
 * Slots that came free while nothing waited, kept for what comes next: a task that follows closely, as the next one of whoever
 * has waited for this result, is committed together with its placement, and nobody is asked where it goes.
 * (A server that has become idle joins a queue of those who are: Lu et al., Join-Idle-Queue, 2011.)
 *
 * J1. The load-balancer is told of the end when the slot has its next attempt, when it has been kept long enough, and before this
 *     process asks it for any place: what it decides, it decides over all slots.
 * J2. Nothing is kept while anything waits: whose turn it is is told by the line alone.
 * J3. A slot is used once: by who takes it over, or by the load-balancer.
 */
export class KeptSlots implements SchedulerLink {
  private readonly byClass = new Map<string, SlotMap<string, Kept>>();
  private readonly byAttempt = new SlotMap<string, Kept>();
  /** Of each class, how many tasks have come in since the last look. */
  private readonly come = new Map<string, number>();
  private timer: Cancel | undefined;
  private stopped = false;

  constructor(
    private readonly parts: KeptParts,
    /** How long a slot is kept; 0: not at all. */
    private readonly keptMs: number,
  ) {}

  tell(shard: number, change: Parameters<SchedulerLink['tell']>[1]): void {
    this.parts.link.tell(shard, change);
    if (this.byAttempt.size > 0 && change.queued) this.note(change.queued);
  }

  capacityChanged(...news: Parameters<SchedulerLink['capacityChanged']>): void {
    this.parts.link.capacityChanged(...news);
  }

  fetch(freed: readonly FreedSlot[]): Fetched[] {
    return this.parts.link.fetch(freed);
  }

  fetchedRefused(shard: number, refs: readonly AttemptRef[]): void {
    this.parts.link.fetchedRefused(shard, refs);
  }

  get isIdle(): boolean {
    return this.parts.link.isIdle;
  }

  /** Slots that come free with a report, and for which nothing was fetched. J2. */
  keep(slots: readonly FreedSlot[], next: (slot: FreedSlot) => Successors | undefined): void {
    if (this.keptMs === 0 || this.stopped || !this.isIdle) return;
    const until = this.parts.clock.monotonic() + this.keptMs;
    for (const slot of slots) {
      const successors = next(slot);
      if (!successors || this.byAttempt.size >= MOST_KEPT) continue;
      this.add({ slot, next: successors, end: undefined, until });
    }
    if (this.byAttempt.size > 0) this.timer ??= this.parts.clock.after(this.keptMs, () => this.expire());
  }

  /** @returns whether the slot of this attempt is kept, so that its end is told later */
  keepsEnd(end: End): boolean {
    const kept = this.byAttempt.get(attemptKey(end));
    if (!kept) return false;
    kept.end = end;
    return true;
  }

  /** J1: all of them. */
  release(): void {
    if (this.byAttempt.size === 0) return;
    this.giveBack([...this.byAttempt.values()]);
  }

  /** Nothing is kept any more. */
  stop(): void {
    this.drop();
    this.release();
  }

  /** As if the process were gone: nothing is told. */
  drop(): void {
    this.stopped = true;
    this.timer?.();
  }

  /** When the change that told of them is taken in, and what it answers has fetched for its own slots. */
  private note(queued: readonly QueuedChange[]): void {
    if (this.come.size === 0) void Promise.resolve().then(() => this.fill());
    for (const { task } of queued) this.come.set(task.classKey, (this.come.get(task.classKey) ?? 0) + 1);
  }

  private fill(): void {
    const slots = [...this.come].flatMap(([classKey, count]) => this.oldest(classKey, count));
    this.come.clear();
    if (slots.length === 0) return;
    const shards = new Map<number, Handed[]>();
    for (const fetched of this.fetch(slots)) {
      const handed = { ...fetched, told: this.handOver(fetched) };
      const list = shards.get(fetched.shard);
      if (list) list.push(handed);
      else shards.set(fetched.shard, [handed]);
    }
    for (const [shard, list] of shards) void this.grant(shard, list);
  }

  private oldest(classKey: string, count: number): FreedSlot[] {
    const slots: FreedSlot[] = [];
    for (const { slot } of this.byClass.get(classKey)?.values() ?? []) {
      if (slots.length >= count) break;
      slots.push(slot);
    }
    return slots;
  }

  /** J3. @returns where it is written down for the commit of the end, if that is still to come */
  private handOver({ freed, taskId, attempt }: Fetched): Successors | undefined {
    const kept = this.take(attemptKey(freed));
    if (!kept) return undefined;
    if (!kept.end) return kept.next.set(freed.taskId, { taskId, attempt });
    this.parts.placer.report([{ ...kept.end, next: { taskId, attempt } }]);
    return undefined;
  }

  /** What cannot be committed goes back into the line, and is named with no end that is still to be told. */
  private async grant(shard: number, handed: readonly Handed[]): Promise<void> {
    const refs = handed.map(({ taskId, attempt }) => ({ taskId, attempt }));
    const gate = this.parts.gateOf(shard);
    const refused = gate ? await gate.grantKept(handed).catch(() => refs) : refs;
    if (refused.length === 0) return;
    const ids = new Set(refused.map(({ taskId }) => taskId));
    for (const { taskId, freed, told } of handed) if (ids.has(taskId)) told?.delete(freed.taskId);
    this.fetchedRefused(shard, refused);
  }

  private expire(): void {
    const { clock } = this.parts;
    const now = clock.monotonic();
    this.giveBack([...this.byAttempt.values()].filter(({ until }) => until <= now));
    const [first] = this.byAttempt.values();
    this.timer = first && clock.after(first.until - now, () => this.expire());
  }

  private giveBack(slots: readonly Kept[]): void {
    const ends: End[] = [];
    for (const { slot, end } of slots) {
      this.take(attemptKey(slot));
      if (end) ends.push(end);
    }
    if (ends.length === 0) return;
    this.parts.placer.report(ends);
    this.capacityChanged(ends.length);
  }

  private add(kept: Kept): void {
    const key = attemptKey(kept.slot);
    const { classKey } = kept.slot;
    this.byAttempt.set(key, kept);
    const ofClass = this.byClass.get(classKey) ?? new SlotMap<string, Kept>();
    this.byClass.set(classKey, ofClass.set(key, kept));
  }

  private take(key: string): Kept | undefined {
    const kept = this.byAttempt.get(key);
    if (!kept) return undefined;
    this.byAttempt.delete(key);
    const ofClass = this.byClass.get(kept.slot.classKey);
    ofClass?.delete(key);
    if (ofClass?.size === 0) this.byClass.delete(kept.slot.classKey);
    return kept;
  }
}
