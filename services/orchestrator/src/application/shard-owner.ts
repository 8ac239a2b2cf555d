import {
  MultiswarmError,
  type AttemptRef,
  type AttemptReport,
  type DispatchOutcome,
  type EventBatch,
  type Placement,
  type ReportReply,
} from '@multiswarm/contracts';
import type { Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { Batch, LoadedShard, ShardStore } from '../ports';
import type { Change } from './change';
import { Committer } from './committer';
import { eventBatches } from './event-batches';
import type { NewRun, NewTask } from './intake';
import type { OutboxRelay } from './outbox-relay';
import { dispatchCommand, reportCommand } from './report-command';
import { ShardEffects, type EffectParts } from './shard-effects';
import { ShardState } from './shard-state';

export interface OwnerParts extends EffectParts {
  store: ShardStore;
  relay: OutboxRelay;
  random: Random;
  logger: Logger;
  retentionMs: number;
  /** Whether the lease of the shard still holds, by the monotonic clock. */
  leaseHolds: () => boolean;
  onLost: () => void;
  /** Events of a commit, as soon as it is confirmed: readers of this process need not wait for the stream. */
  onEvents: (batch: EventBatch) => void;
}

export interface Admission {
  id: string;
  state: string;
  duplicate: boolean;
}

/**
 * The owner of one shard: the only writer of its tasks and runs. It changes its state in memory, commits each change as
 * one unit, and lets everything that leaves it (answers, dispatches, queue entries) leave after the commit.
 *
 * W3. Effects run after their change is committed, in order; when the commit fails they never run.
 * W4. No answer without a lease that holds.
 */
export class ShardOwner {
  private readonly state: ShardState;
  private readonly committer: Committer;
  private readonly effects: ShardEffects;
  private closed = false;

  constructor(
    readonly shard: number,
    readonly epoch: number,
    batchSeq: number,
    loaded: LoadedShard,
    private readonly parts: OwnerParts,
  ) {
    this.state = new ShardState(loaded, parts.clock, parts.random, parts.retentionMs);
    this.effects = new ShardEffects(
      shard,
      parts,
      (record) => this.state.upstream(record),
      (taskId) => {
        this.retryDue(taskId);
      },
    );
    this.committer = new Committer(shard, epoch, batchSeq, parts.store, parts.clock, {
      stale: () => {
        this.lose();
      },
      committed: (batch, durationMs) => {
        this.onCommitted(batch, durationMs);
      },
      retry: (error) => {
        parts.logger.warn('commit waits for Redis', { shard, error });
      },
    });
  }

  /** Takes up what the shard held: waiting tasks to the scheduler, placed ones to their swarms, timers to the clock. */
  resume(): void {
    this.parts.relay.start();
    for (const record of this.state.active()) this.effects.resume(record);
  }

  get activeTasks(): number {
    return this.state.size;
  }

  /** Accepts tasks. The answer comes after the commit; a repeated idempotency key meets the earlier task. */
  async submitTasks(items: readonly NewTask[]): Promise<(Admission | MultiswarmError)[]> {
    this.check();
    const known = await this.storedHashes(items.filter((item) => item.keyed).map((item) => item.id));
    const change = this.state.change();
    const answers = items.map((item): Admission | MultiswarmError => {
      const hash = item.keyed ? (this.state.bodyHash(item.id) ?? known.get(item.id)) : undefined;
      if (hash !== undefined) return repeated(item.id, item.spec, hash);
      this.state.addTask(item, change);
      return { id: item.id, state: 'queued', duplicate: false };
    });
    await this.commit(change);
    return answers;
  }

  /** Accepts a workflow: the run and all its steps in one change. */
  async submitRun(item: NewRun): Promise<Admission> {
    this.check();
    const { id, spec } = item.record;
    const known = await this.storedHashes(item.keyed ? [id] : []);
    const hash = item.keyed ? (this.state.bodyHash(id) ?? known.get(id)) : undefined;
    const answer = hash === undefined ? { id, state: 'running', duplicate: false } : repeated(id, spec, hash);
    if (answer instanceof MultiswarmError) throw answer;
    const change = this.state.change();
    if (hash === undefined) this.state.addRun(item, change);
    await this.commit(change);
    return answer;
  }

  /** Asks for a task's end. Idempotent; a task that has ended already stays as it is. */
  async cancelTask(id: string, reason: string): Promise<void> {
    this.check();
    const change = this.state.change();
    this.state.apply(id, { kind: 'cancel', reason }, change);
    await this.commit(change);
  }

  async cancelRun(id: string, reason: string): Promise<void> {
    this.check();
    const change = this.state.change();
    this.state.cancelRun(id, reason, change);
    await this.commit(change);
  }

  /** Commits placements of tasks that are still queued. @returns those that are not: their slots are free. */
  grant(
    placements: readonly { taskId: string; placement: Placement }[],
  ): { taskId: string; placement: Placement }[] {
    // No look at the lease: the commit checks the epoch, and nothing leaves before it. Placements given back because a lease
    // ran out for a moment would be forgotten by the scheduler, though this owner goes on when it is renewed.
    if (this.closed) return [...placements];
    const change = this.state.change();
    const unused = placements.filter(({ taskId, placement }) => {
      const queued = this.state.task(taskId);
      if (!queued || !this.state.apply(taskId, { kind: 'assign', placement }, change)) return true;
      this.parts.meters.assigned(queued.spec.priority, change.now - queued.since);
      return false;
    });
    void this.commit(change).catch((error: unknown) => {
      this.parts.logger.warn('a grant was not committed', { shard: this.shard, error });
    });
    return unused;
  }

  /** Results from swarms, and losses from coordinators. Acknowledged after the commit; stale ones change nothing. */
  async report(reports: readonly AttemptReport[]): Promise<ReportReply['acks']> {
    this.check();
    const change = this.state.change();
    const acks = reports.map((report): ReportReply['acks'][number] => {
      const recorded = this.state.apply(report.taskId, reportCommand(report), change);
      return { taskId: report.taskId, attempt: report.attempt, status: recorded ? 'recorded' : 'stale' };
    });
    await this.commit(change);
    return acks;
  }

  /** What coordinators answered to dispatches. */
  async dispatched(outcomes: readonly DispatchOutcome[]): Promise<void> {
    if (this.closed) return;
    const change = this.state.change();
    for (const answer of outcomes) {
      this.parts.meters.dispatched(answer.outcome);
      this.state.apply(answer.taskId, dispatchCommand(answer), change);
    }
    await this.commit(change);
  }

  /** Attempts of which nobody has heard for the region timeout. */
  async expire(lost: readonly AttemptRef[], reason: string): Promise<void> {
    if (this.closed) return;
    const change = this.state.change();
    for (const { taskId, attempt } of lost)
      this.state.apply(taskId, { kind: 'lost', attempt, reason }, change);
    await this.commit(change);
  }

  /** A cancellation may get lost on its way: it is sent again as long as a swarm says that it holds the attempt. */
  remindOfCancels(refs: readonly AttemptRef[]): void {
    if (this.closed) return;
    for (const { taskId, attempt } of refs) {
      const record = this.state.task(taskId);
      if (record?.cancel && record.attempt === attempt) this.effects.remindOfCancel(record);
    }
  }

  /** Removes roots whose retention has passed. @returns how many */
  async sweep(limit: number): Promise<number> {
    this.check();
    const expired = await this.parts.store.expired(this.shard, this.parts.clock.now(), limit);
    // Each root is a unit of its own: the committer cuts between them, so that Redis is never busy with all at once.
    await Promise.all(
      expired.map(({ root, taskIds }) => {
        const change = this.state.change();
        change.forget(root, taskIds);
        return this.commit(change);
      }),
    );
    return expired.length;
  }

  /** Finishes what is under way. New commands are refused from now on. */
  async close(): Promise<void> {
    this.closed = true;
    await this.committer.settled();
    this.committer.kill(new MultiswarmError('shard-unavailable', `shard ${this.shard} is changing hands`));
    await this.parts.relay.stop();
  }

  /** The lease is gone: nothing of what is not committed counts. */
  lose(): void {
    if (this.closed) return;
    this.closed = true;
    this.committer.kill(new MultiswarmError('stale-epoch', `another owner has taken shard ${this.shard}`));
    void this.parts.relay.stop();
    for (const { id } of this.state.active()) this.parts.ready.gone(id);
    this.parts.onLost();
  }

  private retryDue(taskId: string): void {
    if (this.closed) return;
    const change = this.state.change();
    this.state.apply(taskId, { kind: 'retry-due' }, change);
    void this.commit(change).catch(() => undefined); // a failed commit ends this owner; the next one arms the timer anew
  }

  /** W3, W4. */
  private async commit(change: Change): Promise<void> {
    // Also where nothing changed: what is under way may be what the answer rests on.
    await this.committer.commit(change.writes);
    for (const { effect, record } of change.effects) this.effects.perform(effect, record);
    this.checkLease();
  }

  private onCommitted(batch: Batch, durationMs: number): void {
    for (const news of eventBatches(batch)) {
      this.parts.onEvents(news);
      this.parts.relay.add(news);
    }
    this.parts.meters.committed(batch.writes.length, durationMs);
  }

  private async storedHashes(ids: readonly string[]): Promise<Map<string, string>> {
    const unknown = ids.filter((id) => this.state.bodyHash(id) === undefined);
    if (unknown.length === 0) return new Map();
    const hashes = await this.parts.store.bodyHashes(this.shard, unknown);
    return new Map(
      unknown.flatMap((id, index) => (hashes[index] === undefined ? [] : [[id, hashes[index]]])),
    );
  }

  private check(): void {
    if (this.closed) {
      throw new MultiswarmError('shard-unavailable', `shard ${this.shard} is changing hands`);
    }
    this.checkLease();
  }

  private checkLease(): void {
    if (this.parts.leaseHolds()) return;
    throw new MultiswarmError(
      'shard-unavailable',
      `shard ${this.shard} has no owner for the moment (Redis may be slow or away): try again`,
    );
  }
}

/** The answer to a repeated submission: the same body meets the earlier task, another one under the same key is refused. */
function repeated(
  id: string,
  spec: { bodyHash?: string | undefined; idempotencyKey?: string | undefined },
  hash: string,
): Admission | MultiswarmError {
  if (spec.idempotencyKey === undefined || hash === spec.bodyHash)
    return { id, state: 'accepted', duplicate: spec.idempotencyKey !== undefined };
  return new MultiswarmError(
    'idempotency-conflict',
    `the idempotency key "${spec.idempotencyKey}" was used before with another body: that one is ${id}`,
  );
}
