import {
  addVectors,
  fromVector,
  isEmptyVector,
  NO_RESOURCES,
  subtractVectors,
  toVector,
  vectorFits,
  type AttemptRef,
  type Heartbeat,
  type Resources,
  type ResourceVector,
} from '@multiswarm/contracts';
import { Recent, SlotMap } from '@multiswarm/core';
import { SDK_LIMITS } from '../limits';

/**
 * Who may run here. The swarm's own word is the last: whoever placed an attempt was only guessing.
 *
 * A1. An attempt is started at most once, however often it is offered.
 * A2. An attempt that was refused stays refused, because the coordinator may have sent the same number elsewhere by then;
 *     one that was accepted stays accepted, whatever its sender's epoch, because a refusal would send it elsewhere too.
 * A3. A number lower than one seen for its task is refused, unless it is still held.
 * A4. A sender whose epoch is older than one seen for its shard is refused, and so is a coordinator whose epoch is older
 *     than one seen for the region.
 * A5. An attempt that may have been sent before, or that is meant for another process of this swarm, is refused unless it
 *     is known: it may have begun elsewhere.
 * A6. Running attempts never occupy more than the slots and the resources of the swarm.
 * A7. An attempt is held until its handler has really ended and its report was acknowledged. A handler that ignores its
 *     signal keeps its slot, also after it was reported as timed out: the work is still being done.
 * A8. Memory is bounded: A1 to A3 hold for the last `REMEMBERED_TASKS` tasks and for all that is held.
 */
export type RefusalReason =
  | 'stale-attempt'
  | 'stale-epoch'
  | 'not-received'
  | 'other-process'
  | 'other-shard'
  | 'draining'
  | 'cordoned'
  | 'unknown-type'
  | 'too-many-unreported'
  | 'no-free-slot'
  | 'not-enough-resources';

/** Why a swarm that runs takes nothing new. */
export type Closure = Extract<RefusalReason, 'draining' | 'cordoned'>;

export interface Offer extends AttemptRef {
  shard: number;
  epoch: number;
  /** Of the coordinator that passed it on; an owner's answer to a report has none. */
  regionEpoch?: number | undefined;
  /** It may have been sent before. */
  again?: boolean | undefined;
  /** It is meant for another process of this swarm. */
  misdirected?: boolean;
  resources: Resources;
  /** Which attempts keep apart or spread, where it is one of them. */
  group?: string | undefined;
  /** Whether there is a handler for its type. */
  handled: boolean;
}

/** `superseded`: lower numbers of the same task that still run here. They must be aborted, whatever the decision on this one. */
export type Decision =
  | { outcome: 'accepted'; start: boolean; superseded: readonly AttemptRef[] }
  | { outcome: 'refused'; reason: RefusalReason; superseded: readonly AttemptRef[] };

export interface Capacity {
  slots: number;
  resources: Resources;
}

interface Held extends AttemptRef {
  resources: ResourceVector;
  group: string | undefined;
  running: boolean;
  acknowledged: boolean;
}

interface Answer {
  attempt: number;
  refused: RefusalReason | undefined;
}

const NONE: readonly never[] = [];
const START: Decision = { outcome: 'accepted', start: true, superseded: NONE };
const ACCEPTED_BEFORE: Decision = { outcome: 'accepted', start: false, superseded: NONE };
const STALE_ATTEMPT: Decision = { outcome: 'refused', reason: 'stale-attempt', superseded: NONE };

export class Admission {
  private readonly heldByTask = new SlotMap<string, Held[]>();
  private resources: ResourceVector;
  /** What running attempts occupy beside their slots. */
  private used = NO_RESOURCES;
  private readonly answers: Recent<string, Answer>;
  private readonly epochs: Recent<number, number>;
  private regionEpoch = 0;
  private heldCount = 0;
  private busy = 0;
  private ending = false;
  private closure: Closure | undefined;
  private backlogFull = false;

  constructor(
    private readonly capacity: Capacity,
    rememberedTasks: number = SDK_LIMITS.REMEMBERED_TASKS,
  ) {
    this.resources = toVector(capacity.resources);
    this.answers = new Recent(rememberedTasks);
    this.epochs = new Recent(SDK_LIMITS.SHARDS);
  }

  /** It has more or less from now on. What runs goes on. */
  resize(resources: Resources): void {
    this.resources = toVector(resources);
  }

  get busySlots(): number {
    return this.busy;
  }

  get heldAttempts(): number {
    return this.heldCount;
  }

  /** Slots for which a new attempt would be taken now. */
  get freeSlots(): number {
    return this.closed === undefined ? Math.max(0, this.capacity.slots - this.busy) : 0;
  }

  /** As heartbeats list them. */
  get held(): Heartbeat['held'] {
    const refs: Heartbeat['held'] = [];
    for (const siblings of this.heldByTask.values())
      for (const { taskId, attempt, group } of siblings)
        refs.push(group === undefined ? { taskId, attempt } : { taskId, attempt, group });
    return refs;
  }

  get resourcesUsed(): Resources {
    return fromVector(this.used);
  }

  /** From now on, and for good, nothing new is accepted. */
  drain(): void {
    this.ending = true;
  }

  /** Nothing new is accepted until `reopen`. */
  close(closure: Closure): void {
    this.closure = closure;
  }

  /** Ends a `close`, never a `drain`. */
  reopen(): void {
    this.closure = undefined;
  }

  /** While reports cannot be delivered and their buffer is full, nothing new is accepted. */
  setBacklogFull(full: boolean): void {
    this.backlogFull = full;
  }

  offer(offer: Offer): Decision {
    const siblings = this.heldByTask.get(offer.taskId);
    this.raiseEpochs(offer);
    const known = this.knownAnswer(offer, siblings);
    if (known) return known;
    const superseded = siblings === undefined ? NONE : siblings.filter(({ running }) => running).map(toRef);
    const refused = this.refusal(offer);
    this.answers.set(offer.taskId, { attempt: offer.attempt, refused });
    if (refused !== undefined) return { outcome: 'refused', reason: refused, superseded };
    this.hold(offer, siblings);
    return superseded.length === 0 ? START : { outcome: 'accepted', start: true, superseded };
  }

  /** The handler of an attempt has really ended: its slot is free. */
  handlerEnded(ref: AttemptRef): void {
    const held = this.find(ref);
    if (!held?.running) return;
    held.running = false;
    if (held.resources !== NO_RESOURCES) this.used = subtractVectors(this.used, held.resources);
    this.busy -= 1;
    this.releaseIfDone(held);
  }

  /** The owner has answered the report of an attempt. */
  acknowledged(ref: AttemptRef): void {
    const held = this.find(ref);
    if (!held) return;
    held.acknowledged = true;
    this.releaseIfDone(held);
  }

  /** A1 to A3: what was answered before, if anything. What is held and none of these has a lower number. */
  private knownAnswer(
    { taskId, attempt }: Offer,
    siblings: readonly Held[] | undefined,
  ): Decision | undefined {
    const answer = this.answers.get(taskId);
    let highest = answer?.attempt ?? 0;
    if (siblings !== undefined) {
      for (const held of siblings) {
        if (held.attempt === attempt) return ACCEPTED_BEFORE;
        highest = Math.max(highest, held.attempt);
      }
    }
    if (attempt < highest) return STALE_ATTEMPT;
    if (answer?.attempt !== attempt) return undefined;
    return answer.refused === undefined
      ? ACCEPTED_BEFORE
      : { outcome: 'refused', reason: answer.refused, superseded: NONE };
  }

  private refusal(offer: Offer): RefusalReason | undefined {
    if (offer.epoch < (this.epochs.get(offer.shard) ?? 0)) return 'stale-epoch';
    if (offer.regionEpoch !== undefined && offer.regionEpoch < this.regionEpoch) return 'stale-epoch';
    if (offer.misdirected === true) return 'other-process';
    if (offer.again === true) return 'not-received';
    if (this.closed === 'draining' || this.closed === 'cordoned') return this.closed;
    if (!offer.handled) return 'unknown-type';
    if (this.closed !== undefined) return this.closed;
    if (this.busy >= this.capacity.slots) return 'no-free-slot';
    return this.fits(offer.resources) ? undefined : 'not-enough-resources';
  }

  /** Why nothing at all is taken, whatever it is. */
  private get closed(): RefusalReason | undefined {
    if (this.ending) return 'draining';
    if (this.closure !== undefined) return this.closure;
    return this.backlogFull || this.heldCount >= SDK_LIMITS.HELD_ATTEMPTS ? 'too-many-unreported' : undefined;
  }

  /** A resource that the swarm does not declare is one that it does not have. */
  private fits(asked: Resources): boolean {
    const needed = neededFor(asked);
    return needed === NO_RESOURCES || vectorFits(needed, subtractVectors(this.resources, this.used));
  }

  private hold({ taskId, attempt, resources: asked, group }: Offer, siblings: Held[] | undefined): void {
    const resources = neededFor(asked);
    const held: Held = { taskId, attempt, resources, group, running: true, acknowledged: false };
    if (siblings) siblings.push(held);
    else this.heldByTask.set(taskId, [held]);
    if (resources !== NO_RESOURCES) this.used = addVectors(this.used, resources);
    this.heldCount += 1;
    this.busy += 1;
  }

  private releaseIfDone(held: Held): void {
    if (held.running || !held.acknowledged) return;
    const { taskId, attempt } = held;
    const siblings = this.heldByTask.get(taskId) ?? [];
    if (siblings.length > 1) siblings.splice(siblings.indexOf(held), 1);
    else this.heldByTask.delete(taskId);
    this.heldCount -= 1;
    // It may have been forgotten while it was held; from here on memory is all that keeps A1.
    if ((this.answers.get(taskId)?.attempt ?? 0) <= attempt)
      this.answers.set(taskId, { attempt, refused: undefined });
  }

  private raiseEpochs({ shard, epoch, regionEpoch }: Offer): void {
    if (epoch > (this.epochs.get(shard) ?? 0)) this.epochs.set(shard, epoch);
    if (regionEpoch !== undefined && regionEpoch > this.regionEpoch) this.regionEpoch = regionEpoch;
  }

  private find({ taskId, attempt }: AttemptRef): Held | undefined {
    return this.heldByTask.get(taskId)?.find((held) => held.attempt === attempt);
  }
}

/** Most attempts need a slot and nothing else. */
function neededFor(resources: Resources): ResourceVector {
  const needed = toVector(resources);
  return isEmptyVector(needed) ? NO_RESOURCES : needed;
}

function toRef({ taskId, attempt }: AttemptRef): AttemptRef {
  return { taskId, attempt };
}
