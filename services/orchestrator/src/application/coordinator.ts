import {
  shardOf,
  type AttemptDispatch,
  type AttemptRef,
  type DispatchOutcome,
  type DispatchRequest,
  type Heartbeat,
  type RegionSummary,
} from '@multiswarm/contracts';
import { MultiswarmError } from '@multiswarm/contracts';
import { delay, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { Membership, type MembershipChange } from '../domain/fleet/membership';
import type { Owners, Swarms } from '../ports';

export interface CoordinatorOptions {
  region: string;
  epoch: number;
  shards: number;
  maxSwarms: number;
}

interface Sent {
  swarmId: string;
  instance: string;
  seq: number;
}

/** Heartbeats after a dispatch by which the attempt must be listed, or has ended. */
const LISTED_AFTER_HEARTBEATS = 2;
const FORGET_DOWN_MS = 10 * 60_000;
const RETRY_MS = { first: 100, most: 2_000 };

/**
 * One region: who belongs to it, what is sent to whom, and what got lost with a swarm.
 *
 * C1. A dispatch of an older epoch of a shard than was seen is refused.
 * C2. A swarm that restarts or falls silent loses what it held and what was on its way to it: each attempt is reported
 *     lost to its owner, until the owner has acknowledged it.
 * C3. A swarm over the region's limit, or an older process under the id of a newer one, is not a member: it is told so,
 *     and gets no work.
 */
export class Coordinator {
  private readonly membership: Membership;
  private readonly instances = new Map<string, { instance: string; seq: number }>();
  private readonly sent = new Map<string, Sent>();
  private readonly epochs = new Map<number, number>();
  private stopped = false;

  constructor(
    private readonly options: CoordinatorOptions,
    private readonly swarms: Swarms,
    private readonly owners: Owners,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.membership = new Membership(() =>
      this.membership.count() < options.maxSwarms
        ? undefined
        : `region ${options.region} has its ${options.maxSwarms} swarms (MAX_SWARMS_PER_REGION): stop one or raise the limit`,
    );
  }

  observe(heartbeat: Heartbeat): void {
    const before = this.instances.get(heartbeat.swarmId);
    const change = this.membership.observe(heartbeat, this.clock.monotonic());
    if ('refused' in change) {
      this.logger.warn('swarm not admitted', { swarmId: heartbeat.swarmId, reason: change.refused });
      this.swarms.dismiss(heartbeat.swarmId, heartbeat.instance, change.refused); // C3
      return;
    }
    if (change.joined !== undefined)
      this.logger.info('swarm joined', {
        swarmId: change.joined,
        region: this.options.region,
        slots: heartbeat.slots,
      });
    if (change.ignored) return;
    this.instances.set(heartbeat.swarmId, { instance: heartbeat.instance, seq: heartbeat.seq });
    if (before && before.instance !== heartbeat.instance)
      this.loseSent(heartbeat.swarmId, before.instance, 'the swarm was restarted');
    this.forgetListed(heartbeat);
    this.follow(change);
  }

  /** We could not have heard them: every swarm's silence begins anew. */
  forgiveSilence(): void {
    this.membership.forgiveSilence(this.clock.monotonic());
  }

  tick(): void {
    for (const change of this.membership.tick(this.clock.monotonic())) this.follow(change);
    this.membership.forget(this.clock.monotonic(), FORGET_DOWN_MS);
  }

  async dispatch(request: DispatchRequest): Promise<DispatchOutcome[]> {
    if (request.epoch < (this.epochs.get(request.shard) ?? 0)) {
      throw new MultiswarmError(
        'stale-epoch',
        `shard ${request.shard} has a newer owner than epoch ${request.epoch}`,
      ); // C1
    }
    this.epochs.set(request.shard, request.epoch);
    const bySwarm = new Map<string, AttemptDispatch[]>();
    for (const attempt of request.attempts)
      bySwarm.set(attempt.swarmId, [...(bySwarm.get(attempt.swarmId) ?? []), attempt]);
    const answers = await Promise.all(
      [...bySwarm].map(([swarmId, attempts]) => this.sendTo(swarmId, request, attempts)),
    );
    return answers.flat();
  }

  cancel(swarmId: string, attempts: (AttemptRef & { reason: string })[]): Promise<void> {
    return this.swarms.cancel(swarmId, attempts);
  }

  summary(): RegionSummary {
    const sent = [...this.sent.keys()].map(fromKey);
    return {
      v: 1,
      region: this.options.region,
      epoch: this.options.epoch,
      swarms: this.membership.count(),
      held: [...this.membership.held(), ...sent],
    };
  }

  stop(): void {
    this.stopped = true;
  }

  private async sendTo(
    swarmId: string,
    request: DispatchRequest,
    attempts: AttemptDispatch[],
  ): Promise<DispatchOutcome[]> {
    const member = this.instances.get(swarmId);
    if (!member || !this.membership.has(swarmId))
      return all(attempts, 'refused', `swarm ${swarmId} is not a member of region ${this.options.region}`);
    for (const attempt of attempts)
      this.sent.set(toKey(attempt), { swarmId, instance: member.instance, seq: member.seq });
    const outcomes = await this.swarms
      .dispatch(swarmId, request.shard, request.epoch, attempts)
      .catch((error: unknown): DispatchOutcome[] => {
        const text = error instanceof Error ? error.message : String(error);
        // Nobody listened: the attempt cannot have begun. No answer in time: it may have.
        const never = error instanceof MultiswarmError && error.code === 'bus-unavailable';
        return all(attempts, never ? 'refused' : 'unreachable', `swarm ${swarmId}: ${text}`);
      });
    for (const outcome of outcomes) if (outcome.outcome !== 'accepted') this.sent.delete(toKey(outcome));
    return outcomes;
  }

  private follow(change: MembershipChange): void {
    if (change.left !== undefined) {
      this.logger.info('swarm left', { swarmId: change.left, region: this.options.region });
      const instance = this.instances.get(change.left)?.instance;
      this.instances.delete(change.left);
      if (instance !== undefined) this.loseSent(change.left, instance, 'the swarm left');
    }
    for (const { swarmId, attempts, reason } of change.lost) this.lose(swarmId, attempts, reason);
  }

  /** What was sent is accounted for once the swarm lists it, or no longer needs to. */
  private forgetListed(heartbeat: Heartbeat): void {
    if (this.sent.size === 0) return;
    for (const ref of heartbeat.held) this.sent.delete(toKey(ref));
    for (const [key, sent] of this.sent) {
      if (sent.swarmId === heartbeat.swarmId && heartbeat.seq >= sent.seq + LISTED_AFTER_HEARTBEATS)
        this.sent.delete(key);
    }
  }

  private loseSent(swarmId: string, instance: string, reason: string): void {
    const lost = [...this.sent].filter(([, sent]) => sent.swarmId === swarmId && sent.instance === instance);
    for (const [key] of lost) this.sent.delete(key);
    if (lost.length > 0)
      this.lose(
        swarmId,
        lost.map(([key]) => fromKey(key)),
        reason,
      );
  }

  /** C2. */
  private lose(swarmId: string, attempts: readonly AttemptRef[], reason: string): void {
    this.logger.warn('attempts lost', {
      swarmId,
      region: this.options.region,
      attempts: attempts.length,
      reason,
    });
    const shards = new Map<number, AttemptRef[]>();
    for (const ref of attempts) {
      const shard = shardOf(ref.taskId, this.options.shards);
      if (shard !== undefined) shards.set(shard, [...(shards.get(shard) ?? []), ref]);
    }
    for (const [shard, refs] of shards) void this.reportLost(shard, swarmId, refs, reason);
  }

  private async reportLost(
    shard: number,
    swarmId: string,
    refs: readonly AttemptRef[],
    reason: string,
  ): Promise<void> {
    const now = this.clock.now();
    const error = { code: 'attempt-lost', message: `swarm ${swarmId}: ${reason}`, retryable: true };
    const reports = refs.map((ref) => ({
      ...ref,
      outcome: 'lost' as const,
      startedAt: now,
      finishedAt: now,
      error,
    }));
    for (let wait: number = RETRY_MS.first; !this.stopped; wait = Math.min(RETRY_MS.most, wait * 2)) {
      try {
        return void (await this.owners.report(shard, swarmId, reports));
      } catch (fault) {
        this.logger.warn('an owner did not take a loss yet', { shard, error: fault });
        await delay(this.clock, wait);
      }
    }
  }
}

function all(
  attempts: readonly AttemptDispatch[],
  outcome: DispatchOutcome['outcome'],
  reason: string,
): DispatchOutcome[] {
  return attempts.map(({ taskId, attempt }) => ({ taskId, attempt, outcome, reason }));
}

function toKey(ref: AttemptRef): string {
  return `${ref.taskId}#${ref.attempt}`;
}

function fromKey(key: string): AttemptRef {
  const at = key.lastIndexOf('#');
  return { taskId: key.slice(0, at), attempt: Number(key.slice(at + 1)) };
}
