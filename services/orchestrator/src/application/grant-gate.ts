import { MultiswarmError, type AttemptRef, type GrantRequest } from '@multiswarm/contracts';
import type { AttemptGrant, SnapshotPage } from '../ports';
import type { AnswerRoom } from './shard-effects';
import type { ShardOwner } from './shard-owner';

/** An owner, as far as the scheduler is concerned. */
export interface GrantedShard {
  readonly shard: number;
  readonly epoch: number;
  /** @returns those that came too late. */
  grant(request: GrantRequest): Promise<AttemptRef[]>;
  grantFetched: ShardOwner['grantFetched'];
  grantKept: ShardOwner['grantKept'];
  snapshot(schedulerEpoch: number): AsyncIterable<SnapshotPage>;
}

/**
 * Between one owner and the scheduler: what the scheduler counts is what the owner has.
 *
 * F1. A grant rests on what the scheduler was told by this owner since its last snapshot began, or it is refused: a snapshot
 *     makes the scheduler forget what it granted before, so nothing granted before may be committed after it was read.
 *     What was told by a later owner is that one's to answer: whoever is about to hear that it was replaced refuses nothing.
 * F2. A snapshot is read when the grants that were let in, and the tasks that were fetched, have been taken in: they are
 *     part of it.
 */
export class GrantGate {
  private readonly underWay = new Set<Promise<unknown>>();
  private basis: { schedulerEpoch: number; since: number } | undefined;

  constructor(private readonly owner: GrantedShard) {}

  get shard(): number {
    return this.owner.shard;
  }

  get epoch(): number {
    return this.owner.epoch;
  }

  async grant(request: GrantRequest): Promise<AttemptRef[]> {
    if (request.epoch !== undefined && request.epoch > this.owner.epoch)
      throw new MultiswarmError('shard-unavailable', `shard ${this.owner.shard} has a later owner`);
    if (this.isOutdated(request)) return request.grants.map(({ taskId, attempt }) => ({ taskId, attempt })); // F1
    return this.taking(this.owner.grant(request));
  }

  /** What the scheduler in this process has just handed out. */
  grantFetched(grants: readonly AttemptGrant[], answer: AnswerRoom): ReturnType<ShardOwner['grantFetched']> {
    return this.taking(this.owner.grantFetched(grants, answer));
  }

  grantKept(grants: readonly AttemptGrant[]): Promise<AttemptRef[]> {
    return this.taking(this.owner.grantKept(grants));
  }

  /** @param since number of the message that will carry the first page */
  async *snapshot(schedulerEpoch: number, since: number): AsyncGenerator<SnapshotPage> {
    this.basis = { schedulerEpoch, since };
    await Promise.allSettled(this.underWay); // F2
    yield* this.owner.snapshot(schedulerEpoch);
  }

  private taking<T>(granted: Promise<T>): Promise<T> {
    this.underWay.add(granted);
    return granted.finally(() => this.underWay.delete(granted));
  }

  private isOutdated({ schedulerEpoch, epoch, since }: GrantRequest): boolean {
    if (epoch !== undefined && epoch < this.owner.epoch) return true;
    const { basis } = this;
    if (!basis || schedulerEpoch > basis.schedulerEpoch) return false;
    return schedulerEpoch < basis.schedulerEpoch || (since !== undefined && since < basis.since);
  }
}
