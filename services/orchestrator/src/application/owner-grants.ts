import {
  MultiswarmError,
  type AttemptRef,
  type DispatchRequest,
  type GrantRequest,
} from '@multiswarm/contracts';
import { isHeld, isPlaceable, type TaskRecord } from '../domain/task/record';
import type { AttemptGrant } from '../ports';
import type { OwnerDesk } from './owner-desk';
import type { AnswerRoom, Circumstances } from './shard-effects';

/**
 * Placements of the tasks of one shard, as a scheduler has granted them.
 *
 * W6. A grant counts only under the attempt number that comes next, and from the newest scheduler seen. One for the attempt
 *     that is current is not refused, or the scheduler would count that attempt no more: the same grant again is answered
 *     alike, also where the region has chosen another swarm since, and a slot that is not used is given back. Nor is one
 *     refused whose attempt has ended since: its slot came back with that end, and would come back twice.
 */
export class OwnerGrants {
  private schedulerEpoch = 0;

  constructor(private readonly desk: OwnerDesk) {}

  /** Grants of schedulers older than this one are refused from now on. */
  heardOf(schedulerEpoch: number): void {
    this.schedulerEpoch = Math.max(this.schedulerEpoch, schedulerEpoch);
  }

  /**
   * Commits placements of tasks that are queued under the next attempt number. W6.
   * @returns those that are not: their slots are free
   */
  async grant({ schedulerEpoch, grants }: GrantRequest): Promise<AttemptRef[]> {
    this.desk.open();
    if (schedulerEpoch < this.schedulerEpoch)
      throw new MultiswarmError(
        'stale-epoch',
        `a scheduler with epoch ${this.schedulerEpoch} has taken over`,
      );
    this.schedulerEpoch = schedulerEpoch;
    const { refused } = await this.assign(grants, {});
    this.desk.checkLease();
    return refused;
  }

  /** As `grant`, for slots whose swarm is about to get an answer: the attempts go out with it, as long as it has room. */
  grantFetched(
    grants: readonly AttemptGrant[],
    answer: AnswerRoom,
  ): Promise<{ dispatch: DispatchRequest | undefined; refused: AttemptRef[] }> {
    return this.assign(grants, { answer });
  }

  /** As `grantFetched`, for slots that were kept: the attempts go out as any other. @returns those that are not placed */
  async grantKept(grants: readonly AttemptGrant[]): Promise<AttemptRef[]> {
    return (await this.assign(grants, {})).refused;
  }

  private async assign(
    grants: readonly AttemptGrant[],
    circumstances: Circumstances,
  ): Promise<{ dispatch: DispatchRequest | undefined; refused: AttemptRef[] }> {
    // No look at the lease: the commit checks the epoch, and nothing leaves before it. Placements given back because a lease
    // ran out for a moment would be lost to the scheduler, though this owner goes on when it is renewed.
    const known = this.desk.open();
    const isAllHere = grants.every(({ taskId }) => known.task(taskId));
    const recalled = isAllHere ? NONE_RECALLED : await this.desk.recall(grants.map(({ taskId }) => taskId));
    const state = this.desk.open();
    const change = state.change();
    const refused: AttemptRef[] = [];
    for (const grant of grants) {
      const { taskId, attempt, placement } = grant;
      const before = state.task(taskId) ?? recalled.get(taskId);
      if (before && state.applyTo(before, { kind: 'assign', attempt, placement }, change))
        this.desk.parts.meters.assigned(before.spec.priority, change.now - before.since);
      else if (before && isCurrent(before, attempt)) this.giveBack(before, grant);
      else if (!before || !hasHad(before, grant)) {
        refused.push({ taskId, attempt });
        if (before && isPlaceable(before))
          change.effects.push({ effect: { kind: 'enqueue' }, record: before });
      }
    }
    return { dispatch: await this.desk.commit(change, circumstances), refused };
  }

  /** W6. */
  private giveBack(record: TaskRecord, { taskId, attempt, placement }: AttemptGrant): void {
    const { reservationId, swarmId } = placement;
    if (record.attempts.at(-1)?.reservationId === reservationId) return;
    this.desk.parts.placer.report([{ reservationId, swarmId, taskId, attempt, outcome: 'unused' }]);
  }
}

const NONE_RECALLED: ReadonlyMap<string, TaskRecord> = new Map();

/** W6: whether the attempt was granted before, and has not ended. */
function isCurrent(record: TaskRecord, attempt: number): boolean {
  return isHeld(record) && record.attempt === attempt;
}

/** W6: whether this very placement was granted before, whatever has become of the attempt. */
function hasHad(record: TaskRecord, { attempt, placement: { reservationId } }: AttemptGrant): boolean {
  return record.attempts.some((each) => each.attempt === attempt && each.reservationId === reservationId);
}
