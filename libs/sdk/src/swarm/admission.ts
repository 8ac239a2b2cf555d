import type { AttemptRef, Resources } from '@multiswarm/contracts';
import { SDK_LIMITS } from '../limits';

/**
 * Who may run here. The swarm's own word is the last: whoever placed an attempt was only guessing.
 *
 * A1. An attempt is started at most once, however often it is offered.
 * A2. An attempt that was refused stays refused, because the coordinator may have sent the same number elsewhere by then;
 *     one that was accepted stays accepted, whatever its sender's epoch, because a refusal would send it elsewhere too.
 * A3. A number lower than one seen for its task is refused, unless it is still held.
 * A4. A sender whose epoch is older than one seen for its shard is refused.
 * A5. Running attempts never occupy more than the slots and the resources of the swarm.
 * A6. An attempt is held until its handler has really ended and its report was acknowledged. A handler that ignores its
 *     signal keeps its slot, also after it was reported as timed out: the work is still being done.
 * A7. Memory is bounded: A1 to A3 hold for the last `REMEMBERED_TASKS` tasks and for all that is held.
 */
export type RefusalReason =
  | 'stale-attempt'
  | 'stale-epoch'
  | 'draining'
  | 'unknown-type'
  | 'too-many-unreported'
  | 'no-free-slot'
  | 'not-enough-resources';

export interface Offer extends AttemptRef {
  shard: number;
  epoch: number;
  resources: Resources;
  /** Whether there is a handler for its type. */
  handled: boolean;
}

/** `superseded`: lower numbers of the same task that still run here. They must be aborted, whatever the decision on this one. */
export type Decision =
  | { outcome: 'accepted'; start: boolean; superseded: AttemptRef[] }
  | { outcome: 'refused'; reason: RefusalReason; superseded: AttemptRef[] };

export interface Capacity {
  slots: number;
  resources: Resources;
}

interface Held extends AttemptRef {
  resources: Resources;
  running: boolean;
  acknowledged: boolean;
}

interface Answer {
  attempt: number;
  refused?: RefusalReason;
}

const RESOURCE_NAMES = ['cpu', 'memoryMb', 'gpu'] as const;

export class Admission {
  private readonly heldByTask = new Map<string, Held[]>();
  private readonly answers = new Map<string, Answer>();
  private readonly epochs = new Map<number, number>();
  private heldCount = 0;
  private busy = 0;
  private draining = false;
  private backlogFull = false;

  constructor(
    private readonly capacity: Capacity,
    private readonly rememberedTasks: number = SDK_LIMITS.REMEMBERED_TASKS,
  ) {}

  get busySlots(): number {
    return this.busy;
  }

  get held(): AttemptRef[] {
    return this.allHeld().map(({ taskId, attempt }) => ({ taskId, attempt }));
  }

  get resourcesUsed(): Resources {
    const used: Resources = {};
    for (const { running, resources } of this.allHeld()) {
      if (!running) continue;
      for (const name of RESOURCE_NAMES) {
        if (resources[name]) used[name] = (used[name] ?? 0) + resources[name];
      }
    }
    return used;
  }

  /** From now on nothing new is accepted. */
  drain(): void {
    this.draining = true;
  }

  /** While reports cannot be delivered and their buffer is full, nothing new is accepted. */
  setBacklogFull(full: boolean): void {
    this.backlogFull = full;
  }

  offer(offer: Offer): Decision {
    const known = this.knownAnswer(offer);
    if (known) return known;
    const superseded = this.runningBelow(offer);
    const reason = this.refusal(offer);
    this.raiseEpoch(offer);
    this.remember(
      offer.taskId,
      reason === undefined ? { attempt: offer.attempt } : { attempt: offer.attempt, refused: reason },
    );
    if (reason !== undefined) return { outcome: 'refused', reason, superseded };
    this.hold(offer);
    return { outcome: 'accepted', start: true, superseded };
  }

  /** The handler of an attempt has really ended: its slot is free. */
  handlerEnded(ref: AttemptRef): void {
    const held = this.find(ref);
    if (!held?.running) return;
    held.running = false;
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

  /** A1 to A3: what was answered before, if anything. */
  private knownAnswer(offer: Offer): Decision | undefined {
    if (this.find(offer)) return { outcome: 'accepted', start: false, superseded: [] };
    const answer = this.answers.get(offer.taskId);
    const highest = Math.max(
      answer?.attempt ?? 0,
      ...(this.heldByTask.get(offer.taskId) ?? []).map(({ attempt }) => attempt),
    );
    if (offer.attempt < highest) return { outcome: 'refused', reason: 'stale-attempt', superseded: [] };
    if (answer?.attempt !== offer.attempt) return undefined;
    return answer.refused === undefined
      ? { outcome: 'accepted', start: false, superseded: [] }
      : { outcome: 'refused', reason: answer.refused, superseded: [] };
  }

  private refusal(offer: Offer): RefusalReason | undefined {
    if (offer.epoch < (this.epochs.get(offer.shard) ?? 0)) return 'stale-epoch';
    if (this.draining) return 'draining';
    if (!offer.handled) return 'unknown-type';
    if (this.backlogFull || this.heldCount >= SDK_LIMITS.HELD_ATTEMPTS) return 'too-many-unreported';
    if (this.busy >= this.capacity.slots) return 'no-free-slot';
    return this.fits(offer.resources) ? undefined : 'not-enough-resources';
  }

  /** A resource that the swarm does not declare is one that it does not have. */
  private fits(asked: Resources): boolean {
    const needs = RESOURCE_NAMES.filter((name) => asked[name]);
    if (needs.length === 0) return true;
    const used = this.resourcesUsed;
    return needs.every(
      (name) => (used[name] ?? 0) + (asked[name] ?? 0) <= (this.capacity.resources[name] ?? 0),
    );
  }

  private hold({ taskId, attempt, resources }: Offer): void {
    const held: Held = { taskId, attempt, resources, running: true, acknowledged: false };
    const siblings = this.heldByTask.get(taskId);
    if (siblings) siblings.push(held);
    else this.heldByTask.set(taskId, [held]);
    this.heldCount += 1;
    this.busy += 1;
  }

  private releaseIfDone(held: Held): void {
    if (held.running || !held.acknowledged) return;
    const left = (this.heldByTask.get(held.taskId) ?? []).filter((other) => other !== held);
    if (left.length > 0) this.heldByTask.set(held.taskId, left);
    else this.heldByTask.delete(held.taskId);
    this.heldCount -= 1;
    // It may have been forgotten while it was held; from here on memory is all that keeps A1.
    if ((this.answers.get(held.taskId)?.attempt ?? 0) <= held.attempt)
      this.remember(held.taskId, { attempt: held.attempt });
  }

  private runningBelow({ taskId, attempt }: AttemptRef): AttemptRef[] {
    return (this.heldByTask.get(taskId) ?? [])
      .filter((held) => held.running && held.attempt < attempt)
      .map((held) => ({ taskId, attempt: held.attempt }));
  }

  private raiseEpoch({ shard, epoch }: Offer): void {
    if (epoch <= (this.epochs.get(shard) ?? 0)) return;
    rememberIn(this.epochs, shard, epoch, SDK_LIMITS.SHARDS);
  }

  private remember(taskId: string, answer: Answer): void {
    rememberIn(this.answers, taskId, answer, this.rememberedTasks);
  }

  private find({ taskId, attempt }: AttemptRef): Held | undefined {
    return this.heldByTask.get(taskId)?.find((held) => held.attempt === attempt);
  }

  private allHeld(): Held[] {
    return [...this.heldByTask.values()].flat();
  }
}

/** Sets the newest entry of a map that keeps its order of insertion, and forgets the oldest beyond the limit. */
function rememberIn<K, V>(memory: Map<K, V>, key: K, value: V, limit: number): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size <= limit) return;
  for (const oldest of memory.keys()) {
    memory.delete(oldest);
    return;
  }
}
