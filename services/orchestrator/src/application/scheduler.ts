import {
  MultiswarmError,
  type AttemptRef,
  type CensusReply,
  type CensusRequest,
  type NamespaceSettings,
  type PlaceResult,
  type QueuedTask,
  type SchedulerChanges,
  type SchedulerChangesReply,
  type StandingReply,
  type Waiting,
} from '@multiswarm/contracts';
import { delay, type Cancel, type Clock } from '@multiswarm/core';
import type { Now } from '../domain/queue/now';
import type { CapacitySource } from '../domain/queue/parking';
import type { Picked } from '../domain/queue/picked';
import { TaskQueue, type Placed } from '../domain/queue/task-queue';
import type { Fetched, FreedSlot, GrantPort, Placer, WaitingReasons } from '../ports';
import { KnownClasses } from './scheduler-classes';
import { OutgoingGrants } from './scheduler-sending';
import { LentTasks } from './scheduler-lent';
import { KnownShards } from './scheduler-shards';

export interface SchedulerParts {
  placer: Placer;
  grants: GrantPort;
  clock: Clock;
  settings: (namespace: string) => NamespaceSettings;
  /** Something is tried again. */
  onFault: (error: unknown) => void;
}

const PASS_TASKS = 256;
/** Estimated bytes of one place request: well under the 1 MiB that NATS carries. */
const PASS_BYTES = 512 * 1024;
const RETRY_MS = { first: 50, most: 1_000 };
/** Ids of one answer: well under the 1 MiB that NATS carries. */
const CENSUS_PAGE = 5_000;
/** So long a new scheduler waits for shards that have no owner yet. */
const HEAR_ALL_MS = 2_000;
/**
 * The one role that decides who goes next, over all shards. It knows what owners tell it, and places what waits.
 *
 * S1. Passes run when there is a reason (a task, a completion, capacity, a token of a rate), one at a time, and never poll:
 *     while nothing can be placed nobody is asked.
 * S2. What a pass took comes back: placed and granted, or into the line with the reason. A task leaves the line only with a
 *     slot that is reserved for it.
 * S3. A reserved slot that is not used is given back, and so is what was counted in limits.
 * S4. An answer too large for a message halves the next pass: asking the same again would hold up everybody for ever.
 * S5. A snapshot throws away what was known of its shard; what is told of a shard that is not known is refused.
 * S6. A new scheduler places nothing before every shard has begun to tell what it has, or HEAR_ALL_MS have passed: it could
 *     place a later task before an earlier one. What is under a limit waits until all have told what runs.
 * S7. What is told of an attempt that is placed already, or on its way, is no reason to place it twice.
 * S8. A fetched task is given out at once and comes back when its owner refuses it.
 */
export class Scheduler implements WaitingReasons {
  private readonly queue: TaskQueue;
  private readonly classes = new KnownClasses((key) => this.queue.hasClass(key));
  private readonly shards: KnownShards;
  private readonly grants: OutgoingGrants;
  private readonly lent = new LentTasks();
  /** Slots whose use an owner has not confirmed, by shard: its next snapshot tells. */
  private readonly unconfirmed = new Map<number, Placed[]>();
  private running = false;
  private isStopped = false;
  private isLate = false;
  private passTasks = PASS_TASKS;
  /** Why nothing can be placed at the moment, whatever the task. */
  private trouble: string | undefined;
  private readonly cancelHearing: Cancel;
  private token: { at: number; cancel: Cancel } | undefined;

  constructor(
    private readonly epoch: number,
    shards: number,
    private readonly parts: SchedulerParts,
  ) {
    const { clock, settings, grants, onFault } = parts;
    this.queue = new TaskQueue(settings, (key) => this.classes.get(key), clock.monotonic());
    this.shards = new KnownShards(shards);
    this.grants = new OutgoingGrants(epoch, grants, clock, {
      refused: (shard, refused) => this.grantsRefused(shard, refused),
      away: (shard) => this.queue.shardAway(shard),
      back: (shard) => this.shardBack(shard),
      fault: onFault,
    });
    this.cancelHearing = clock.after(HEAR_ALL_MS, () => {
      this.isLate = true;
      this.wake();
    });
  }

  /** Takes in what an owner tells. */
  apply(changes: SchedulerChanges): SchedulerChangesReply['status'] {
    const { shard, snapshot } = changes;
    const status = this.shards.judge(changes);
    if (status !== 'ok') return status;
    this.classes.learn(changes.classes);
    if (!changes.queued.every(({ classKey }) => this.classes.get(classKey))) {
      this.shards.lost(shard);
      return 'unknown-shard';
    }
    if (snapshot?.first) this.begin(changes);
    this.takeIn(changes);
    this.shards.taken(changes);
    if (snapshot?.last) this.confirm(shard);
    if (this.shards.haveToldHeld && !this.queue.limits.isComplete) this.queue.limits.setComplete();
    if (!this.grants.isSending(shard)) this.shardBack(shard);
    this.wake();
    return 'ok';
  }

  /** The shard has lost its owner: what waits in it cannot be placed until the next one tells of it. */
  dropShard(shard: number, epoch: number): void {
    if (epoch < this.shards.epochOf(shard)) return;
    this.shards.lost(shard);
    this.queue.removeShard(shard, this.now());
    this.keepUnconfirmed(shard);
  }

  /**
   * Tasks for slots that are about to come free, in the order in which a pass would place them; their limits are taken.
   * Fewer than slots where the one whose turn it is may not fit: that slot goes the ordinary way. S8.
   */
  fetch(freed: readonly FreedSlot[]): Fetched[] {
    if (!this.mayPlace || this.isStopped) return [];
    const fetched = this.queue.fetch(freed, this.now()).map(({ shard, task, slot }): Fetched => {
      const { taskId, attempt } = task;
      const { swarmId, region, reservationId, costPerSlotHour, taskId: after } = slot;
      this.lent.add(shard, task, slot);
      return {
        shard,
        taskId,
        attempt,
        placement: { swarmId, region, reservationId, costPerSlotHour, after },
        freed: slot,
      };
    });
    if (this.queue.isOpen) this.wake();
    return fetched;
  }

  /** Fetched tasks could not be given out: those that still wait go back into the line. S8, S3. */
  refused(shard: number, refs: readonly AttemptRef[]): void {
    for (const ref of refs) {
      const now = this.now();
      this.queue.limits.undo(ref, now.monotonic);
      const lent = this.lent.takeBack(ref);
      if (!lent) continue;
      this.giveBack([{ ...ref, placement: lent.slot }]);
      if (lent.isWanted) this.enqueue(lent.task, shard, now);
    }
    this.wake();
  }

  /** Slots came free. @param from where; a hint, of which the load-balancer may not know yet, has none */
  capacityChanged(freeSlots: number, from?: CapacitySource): void {
    this.queue.capacityChanged(freeSlots, from);
    this.wake();
  }

  /** Asks again for one task of some of the classes that were refused, in case the news of their capacity got lost. */
  lookAgain(): void {
    this.queue.lookAgain();
    this.wake();
  }

  namespaceChanged(namespace: string): void {
    this.queue.settingsChanged(namespace);
    this.wake();
  }

  get queued(): number {
    return this.queue.size;
  }

  explain(taskIds: readonly string[]): Promise<Record<string, Waiting>> {
    const reasons = taskIds.flatMap((id) => {
      const told = this.queue.waiting(id, this.now());
      return told ? [[id, this.mayPlace ? this.withTrouble(told) : notYet(told)] as const] : [];
    });
    return Promise.resolve(Object.fromEntries(reasons));
  }

  standing(taskId: string): StandingReply {
    const now = this.now();
    const told = this.queue.waiting(taskId, now);
    const standing = this.queue.standing(taskId, now);
    if (!told || !standing) return { v: 1, limits: [] };
    const { line, pace, limits } = standing;
    return {
      ...{ v: 1, line, limits },
      waiting: this.mayPlace ? this.withTrouble(told) : notYet(told),
      ...(pace ? { pace } : {}),
    };
  }

  /** What it has of a shard, a page of it at a time; and, with the first page, the limits that count wrong. */
  census({ shard, offset, mend }: CensusRequest): CensusReply {
    const ids = this.queue.idsOf(shard);
    const held = [...this.queue.limits.heldOf(shard)];
    const underWay = this.grants.underWay(shard);
    const limits = offset > 0 ? [] : this.queue.limits.audit(mend);
    const end = offset + CENSUS_PAGE;
    return {
      ...{ v: 1, epoch: this.shards.epochOf(shard), isWhole: this.shards.isWhole(shard) },
      queued: ids.slice(offset, end),
      held: held.slice(offset, end),
      underWay: underWay.slice(offset, end),
      limits: limits.map(({ limit: { namespace, key }, counted, held: there }) => ({
        ...{ namespace, counted, held: there },
        ...(key === undefined ? {} : { key }),
      })),
      next: end < Math.max(ids.length, held.length, underWay.length) ? end : null,
    };
  }

  stop(): void {
    this.isStopped = true;
    this.cancelHearing();
    this.token?.cancel();
    this.grants.stop();
  }

  /** S6. */
  private get mayPlace(): boolean {
    return this.isLate || this.shards.haveBegun;
  }

  private now(): Now {
    const { clock } = this.parts;
    return { wall: clock.now(), monotonic: clock.monotonic() };
  }

  /** S5. What is on its way to the owner rests on what was known before: it commits that now, or refuses it. */
  private begin({ shard, epoch }: SchedulerChanges): void {
    const now = this.now();
    this.shards.begin(shard, epoch);
    this.queue.removeShard(shard, now);
    this.queue.limits.forgetShard(shard, now.monotonic);
    this.queue.limits.setIncomplete();
    this.keepUnconfirmed(shard);
    this.lent.forgetShard(shard);
  }

  private takeIn({ shard, released, gone, held, queued }: SchedulerChanges): void {
    const now = this.now();
    const { limits } = this.queue;
    for (const ref of released) {
      limits.release(ref, now.monotonic);
      this.lent.ended(ref);
    }
    for (const id of gone) {
      this.queue.remove(id, now);
      this.lent.gone(id);
    }
    for (const each of held) {
      const set = limits.setFor(each.namespace, each.limitKeys);
      limits.hold(each, shard, set);
      limits.leave(set, now.monotonic);
    }
    for (const task of queued) this.enqueue(task, shard, now);
  }

  /** S7. */
  private enqueue(task: QueuedTask, shard: number, now: Now): void {
    const taskClass = this.classes.get(task.classKey);
    if (!taskClass) return;
    if (this.queue.has(task.taskId) || !this.queue.limits.holds(task))
      this.queue.add(task, taskClass, shard, now);
    else {
      this.grants.toldAgain(shard, task);
      this.lent.toldAgain(task);
    }
  }

  private shardBack(shard: number): void {
    this.queue.shardBack(shard, this.now());
    this.wake();
  }

  private wake(): void {
    if (this.running || this.isStopped || !this.mayPlace) return;
    this.running = true;
    this.parts.clock.soon(() => void this.run());
  }

  /** S1. */
  private async run(): Promise<void> {
    let wait: number = RETRY_MS.first;
    while (!this.isStopped) {
      const picked = this.queue.take(this.passTasks, PASS_BYTES, this.now());
      if (picked.length === 0) break;
      const isAnswered = await this.pass(picked);
      if (!isAnswered) await delay(this.parts.clock, wait);
      wait = isAnswered ? RETRY_MS.first : Math.min(RETRY_MS.most, wait * 2);
    }
    this.running = false;
    this.watchTokens();
  }

  /** S2. @returns false where there was no answer */
  private async pass(picked: readonly Picked[]): Promise<boolean> {
    const { placer, onFault } = this.parts;
    try {
      const now = this.now();
      const items = picked.map((each) => this.queue.toItem(each, now));
      this.settle(picked, await placer.place(this.epoch, items));
      this.trouble = undefined;
      this.passTasks = Math.min(PASS_TASKS, this.passTasks * 2);
      return true;
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
      this.queue.putBack(picked, this.now());
      onFault(error);
      if (isTooLarge(error)) this.passTasks = Math.max(1, Math.floor(picked.length / 2)); // S4
      return false;
    }
  }

  private settle(picked: readonly Picked[], results: readonly PlaceResult[]): void {
    const { placed, unused } = this.queue.settle(picked, results, this.now());
    this.giveBack(this.isStopped ? [...placed, ...unused] : unused); // S3
    if (!this.isStopped) this.grants.send(placed);
  }

  /** S3. */
  private giveBack(slots: readonly { taskId: string; attempt: number; placement: SlotRef }[]): void {
    if (slots.length === 0) return;
    this.parts.placer.report(
      slots.map(({ taskId, attempt, placement: { reservationId, swarmId } }) => ({
        ...{ reservationId, swarmId, taskId, attempt },
        outcome: 'unused' as const,
      })),
    );
  }

  private grantsRefused(shard: number, refused: { placed: Placed; again: QueuedTask | undefined }[]): void {
    const now = this.now();
    for (const { placed, again } of refused) {
      this.queue.limits.undo(placed, now.monotonic);
      if (again) this.enqueue(again, shard, now);
    }
    this.giveBack(refused.map(({ placed }) => placed));
    this.wake();
  }

  private keepUnconfirmed(shard: number): void {
    const dropped = this.grants.drop(shard);
    if (dropped.length > 0) this.unconfirmed.set(shard, [...(this.unconfirmed.get(shard) ?? []), ...dropped]);
  }

  /** The owner has told all: what it does not hold of the grants before is not used. S3 */
  private confirm(shard: number): void {
    const dropped = this.unconfirmed.get(shard) ?? [];
    this.unconfirmed.delete(shard);
    this.giveBack(dropped.filter((each) => !this.queue.limits.holds(each)));
  }

  /** S1: one timer, for the next token of a rate for which somebody waits, or the next class that waits for a time. */
  private watchTokens(): void {
    const at = earlier(this.queue.limits.nextTokenAt, this.queue.nextLookAt);
    if (at === this.token?.at) return;
    this.token?.cancel();
    this.token = undefined;
    if (at === undefined || this.isStopped) return;
    const { clock } = this.parts;
    const cancel = clock.after(Math.max(0, at - clock.monotonic()), () => {
      this.token = undefined;
      this.wake();
    });
    this.token = { at, cancel };
  }

  private withTrouble(told: Waiting): Waiting {
    return this.trouble === undefined
      ? told
      : { ...told, detail: `the load-balancer cannot be asked: ${this.trouble}` };
  }
}

type SlotRef = Pick<Placed['placement'], 'reservationId' | 'swarmId'>;

function notYet(told: Waiting): Waiting {
  return { ...told, detail: 'a new scheduler waits until every shard has told what it has' };
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof MultiswarmError && error.code === 'body-too-large';
}
