import { LIMITS, type AttemptRef, type RegionSummary } from '@multiswarm/contracts';
import { Recent, SlotMap } from '@multiswarm/core';

/** Coordinators summarize their region every heartbeat; one that has been silent for longer than this was not heard throughout. */
const REGION_FRESH_MS = 5_000;
/** Attempts that were given up and may still run somewhere: the oldest are forgotten, and end by themselves. */
const GIVEN_UP = 10_000;

export interface LeaseTimes {
  /** A region that is heard does not list the attempt for this long: it is lost. */
  attemptLeaseMs: number;
  /** Nobody has heard of the attempt for this long, whatever its region says: it is lost. */
  regionTimeoutMs: number;
  /** An attempt that nobody has accepted is sent again after this. */
  resendMs: number;
}

interface Held {
  attempt: number;
  region: string;
  seenAt: number;
  /** Until it is accepted: when it was last sent. */
  sentAt: number | undefined;
}

/**
 * Proof of life of attempts, as their owner sees it: behind the coordinators, which report what they know to be lost.
 * Pure: times are monotonic milliseconds.
 *
 * L1. An attempt is declared lost only after a full period without a sign since it was taken over, so a new owner first
 *     waits.
 * L2. Only a region that is being heard can fail to list an attempt: what it has said counts, not how long ago that was. Of
 *     one that is cut off nothing is known until the region timeout.
 * L3. A summary of an older coordinator than one heard before says nothing, and neither do its losses.
 * L4. What was given up as lost and is listed all the same still runs: its swarm has to be told.
 * L5. An earlier owner may have given it up: whatever is listed for a full lease and is not current runs in vain too. For
 *     less long it may be an end that is on its way.
 */
export class AttemptLeases {
  private readonly held = new SlotMap<string, Held>();
  private regions = new Recent<string, { epoch: number; since: number; at: number }>(LIMITS.REGIONS_IN_VIEW);
  private readonly givenUp = new Map<string, string>();
  /** L5: attempts that are listed and not current, since when, and when they were listed last. */
  private readonly strays = new Map<string, { since: number; at: number }>();
  private straysPrunedAt = 0;

  constructor(
    private readonly times: LeaseTimes,
    private readonly monotonic: () => number,
  ) {}

  /** @param sent whether it has just been sent to the swarm, or waits for a word of acceptance from there */
  hold(taskId: string, attempt: number, region: string, sent: boolean): void {
    const now = this.monotonic();
    this.held.set(taskId, { attempt, region, seenAt: now, sentAt: sent ? now : undefined });
  }

  accepted(taskId: string, attempt: number, region: string): void {
    const held = this.held.get(taskId);
    if (held?.attempt !== attempt) return;
    held.sentAt = undefined;
    held.region = region;
    held.seenAt = this.monotonic();
  }

  /** The attempts that are watched. */
  *watched(): Generator<AttemptRef, void, undefined> {
    for (const [taskId, { attempt }] of this.held) yield { taskId, attempt };
  }

  attemptOf(taskId: string): number | undefined {
    return this.held.get(taskId)?.attempt;
  }

  drop(taskId: string, attempt: number): void {
    if (this.held.get(taskId)?.attempt === attempt) this.held.delete(taskId);
  }

  /** L4: the attempt of which this swarm may still believe that it is current. */
  giveUp(ref: AttemptRef, swarmId: string): void {
    this.drop(ref.taskId, ref.attempt);
    this.givenUp.set(keyOf(ref), swarmId);
    if (this.givenUp.size > GIVEN_UP)
      for (const oldest of this.givenUp.keys()) {
        this.givenUp.delete(oldest);
        break;
      }
  }

  /** L4. @returns those of its attempts that were given up, with the swarms that run them */
  listedInVain({ held }: Pick<RegionSummary, 'held'>): (AttemptRef & { swarmId: string })[] {
    if (this.givenUp.size === 0) return [];
    return held.flatMap((ref) => {
      const swarmId = this.givenUp.get(keyOf(ref));
      return swarmId === undefined ? [] : [{ ...ref, swarmId }];
    });
  }

  /** L5. @param isOurs whether a task belongs to the shard @returns attempts that have run in vain for a full lease */
  straysIn(
    { region, epoch, held }: Pick<RegionSummary, 'region' | 'epoch' | 'held'>,
    isOurs: (taskId: string) => boolean,
  ): AttemptRef[] {
    if (this.isPast(region, epoch)) return [];
    const now = this.monotonic();
    const { attemptLeaseMs } = this.times;
    const strays = held.filter((ref) => {
      if (!isOurs(ref.taskId) || this.held.get(ref.taskId)?.attempt === ref.attempt) return false;
      const since = this.strays.get(keyOf(ref))?.since ?? now;
      const isDue = now - since >= attemptLeaseMs;
      this.strays.set(keyOf(ref), { since: isDue ? now : since, at: now });
      return isDue;
    });
    if (now - this.straysPrunedAt >= attemptLeaseMs) {
      this.straysPrunedAt = now;
      for (const [key, { at }] of this.strays) if (now - at >= attemptLeaseMs) this.strays.delete(key);
    }
    return strays;
  }

  /** @returns those of its attempts that are ours. */
  seen({ region, epoch, held: refs }: Pick<RegionSummary, 'region' | 'epoch' | 'held'>): AttemptRef[] {
    const now = this.monotonic();
    const known = this.regions.get(region);
    if (this.isPast(region, epoch)) return []; // L3
    const unbroken = known && known.epoch === epoch && now - known.at <= REGION_FRESH_MS;
    this.regions.set(region, { epoch, at: now, since: unbroken ? known.since : now });
    return refs.filter((ref) => {
      const held = this.held.get(ref.taskId);
      if (held?.attempt !== ref.attempt) return false;
      held.seenAt = now;
      return true;
    });
  }

  /** The newest epoch of a region of which a summary was heard. */
  epochOf(region: string): number | undefined {
    return this.regions.get(region)?.epoch;
  }

  /** L3: whether somebody has coordinated the region since. */
  isPast(region: string, epoch: number): boolean {
    return epoch < (this.epochOf(region) ?? 0);
  }

  /** Nobody could tell us anything: everybody gets a full period again. */
  refresh(): void {
    const now = this.monotonic();
    for (const held of this.held.values()) held.seenAt = now;
    this.regions = new Recent(LIMITS.REGIONS_IN_VIEW);
  }

  /** Attempts of which there has been no sign for too long, with what that means; each is returned once. */
  expired(): (AttemptRef & { reason: string })[] {
    const now = this.monotonic();
    const lost: (AttemptRef & { reason: string })[] = [];
    for (const [taskId, { attempt, region, seenAt }] of this.held) {
      const reason = this.whyLost(region, seenAt, now);
      if (reason !== undefined) lost.push({ taskId, attempt, reason });
    }
    for (const { taskId } of lost) this.held.delete(taskId);
    return lost;
  }

  /** Attempts to be sent again: their acceptance is due. */
  unaccepted(): AttemptRef[] {
    const now = this.monotonic();
    const refs: AttemptRef[] = [];
    for (const [taskId, held] of this.held) {
      if (held.sentAt === undefined || now - held.sentAt < this.times.resendMs) continue;
      held.sentAt = now;
      refs.push({ taskId, attempt: held.attempt });
    }
    return refs;
  }

  private whyLost(region: string, seenAt: number, now: number): string | undefined {
    const { attemptLeaseMs, regionTimeoutMs } = this.times;
    if (now - seenAt >= regionTimeoutMs) return `no sign of life for ${regionTimeoutMs} ms`;
    const heard = this.regions.get(region);
    if (!heard || heard.at - Math.max(seenAt, heard.since) < attemptLeaseMs) return undefined; // L2
    return `region ${region} has not listed it for ${attemptLeaseMs} ms`;
  }
}

function keyOf({ taskId, attempt }: AttemptRef): string {
  return `${taskId}#${attempt}`;
}
