import {
  taskId as idOf,
  type AttemptRef,
  type AttemptReport,
  type RegionSummary,
  type ReportReply,
  type ReportRequest,
} from '@multiswarm/contracts';
import { toClass } from '../domain/queue/task-class';
import { isHeld, type TaskRecord } from '../domain/task/record';
import type { FreedSlot } from '../ports';
import type { Change } from './change';
import { LateResults, type LateReport } from './late-results';
import type { OwnerDesk } from './owner-desk';
import { dispatchCommand, reportCommand } from './report-command';
import type { ShardState } from './shard-state';

/** What one sender reports for one shard. */
export type ReportPart = Pick<
  ReportRequest,
  'swarmId' | 'region' | 'regionEpoch' | 'reports' | 'outcomes' | 'progress'
>;

/** Reports that have been taken, and are being committed. */
export interface TakenReports {
  /** Slots that come free with them. */
  freed: FreedSlot[];
  /** To be filled before the commit is over: which attempt takes over the slot of which task's ended attempt. */
  next: Map<string, AttemptRef>;
  acks: Promise<ReportReply['acks']>;
}

/**
 * What is heard of the attempts of one shard: from swarms, from coordinators, or nothing for too long.
 *
 * W7. A result from another swarm than the one that was chosen is not acknowledged, and so repeated, until the coordinator has
 *     said that it sent the attempt there: where it ran, and at what price, belongs to the record.
 * W8. Losses of a coordinator that another one has replaced change nothing: it may have been blind.
 */
export class OwnerReports {
  /** What the ids of all tasks of the shard begin with. */
  private readonly idPrefix: string;
  private readonly late: LateResults;

  constructor(private readonly desk: OwnerDesk) {
    this.idPrefix = idOf(desk.shard, '');
    this.late = new LateResults(desk);
  }

  /** Results, acceptances and progress from swarms, and losses from coordinators. Acknowledged after the commit; late ones are told and change nothing. */
  report({ swarmId, region, regionEpoch, reports, outcomes, progress }: ReportPart): TakenReports {
    const state = this.desk.serving();
    const change = state.change();
    const isPast =
      region !== undefined && regionEpoch !== undefined && this.desk.parts.leases.isPast(region, regionEpoch);
    for (const outcome of outcomes) this.takeOutcome(state, outcome, change);
    for (const each of progress) state.apply(each.taskId, { kind: 'progress', ...each }, change);
    const freed: FreedSlot[] = [];
    const acks: ReportReply['acks'] = [];
    const late: LateReport[] = [];
    for (const report of reports) {
      const { taskId, attempt, outcome } = report;
      if (outcome === 'lost' && isPast) {
        acks.push({ taskId, attempt, status: 'stale' }); // W8
        continue;
      }
      const before = state.task(taskId);
      if (outcome !== 'lost' && ranElsewhere(before, attempt, swarmId)) continue; // W7
      const record = before && state.applyTo(before, reportCommand(report, before.spec.namespace), change);
      if (!record && isResult(report)) {
        late.push(report);
        continue;
      }
      const slot = record && isHandedOn(outcome) ? freedSlot(record, attempt) : undefined;
      if (slot) freed.push(slot);
      acks.push({ taskId, attempt, status: record ? 'recorded' : 'stale' });
    }
    const next = new Map<string, AttemptRef>();
    const committed = this.desk.commitToAnswer(change, { next }).then(() => acks);
    return { freed, next, acks: late.length === 0 ? committed : this.withLate(committed, swarmId, late) };
  }

  private async withLate(
    committed: Promise<ReportReply['acks']>,
    swarmId: string,
    late: readonly LateReport[],
  ): Promise<ReportReply['acks']> {
    const [acks, stale] = await Promise.all([committed, this.late.take(swarmId, late)]);
    return [...acks, ...stale];
  }

  /** What coordinators answered to dispatches. */
  async dispatched(outcomes: ReportRequest['outcomes']): Promise<void> {
    const state = this.desk.peek();
    if (!state) return;
    const change = state.change();
    for (const outcome of outcomes) this.takeOutcome(state, outcome, change);
    // Nobody waits for an acceptance, and the result of a short attempt is not far behind.
    await this.desk.commit(change, { lazy: outcomes.every(({ outcome }) => outcome === 'accepted') });
  }

  /** A coordinator says which attempts its swarms hold. A cancellation may have got lost on its way: it is sent again. */
  seen(summary: RegionSummary): void {
    const state = this.desk.peek();
    if (!state) return;
    const { effects, parts } = this.desk;
    effects.stopInVain(summary);
    const strays = parts.leases.straysIn(summary, (taskId) => taskId.startsWith(this.idPrefix));
    if (strays.length > 0) void this.stopStrays(strays);
    for (const { taskId, attempt } of parts.leases.seen(summary)) {
      const record = state.task(taskId);
      if (record?.cancel && record.attempt === attempt) effects.remindOfCancel(record);
    }
  }

  /**
   * To be called about once a second: attempts without a sign of life are lost, those that nobody accepted are sent again.
   * @param blind nobody could have told us anything
   */
  async expireAttempts(blind: boolean): Promise<void> {
    const { leases, leaseHolds } = this.desk.parts;
    const state = this.desk.peek();
    if (!state) return;
    if (blind || !leaseHolds()) {
      leases.refresh();
      return;
    }
    for (const { taskId, attempt } of leases.unaccepted()) {
      const record = state.task(taskId);
      if (record?.state === 'assigned' && record.attempt === attempt) this.desk.effects.dispatchAgain(record);
    }
    const lost = leases.expired();
    if (lost.length === 0) return;
    const change = state.change();
    for (const { taskId, attempt, reason } of lost)
      state.apply(taskId, { kind: 'lost', attempt, reason }, change);
    await this.desk.commit(change);
  }

  /** Where they run is told by their records, which nobody here may have in memory any more. */
  private async stopStrays(refs: readonly AttemptRef[]): Promise<void> {
    const { shard, effects, parts } = this.desk;
    try {
      const ids = refs.map(({ taskId }) => taskId);
      const stored = await parts.store.tasks(shard, ids);
      const state = this.desk.peek();
      refs.forEach(({ taskId, attempt }, index) => {
        const record = state?.task(taskId) ?? stored[index];
        if (record && state) effects.stopStray(record, attempt);
      });
    } catch (error) {
      parts.logger.warn('what runs in vain is stopped later', { shard, error });
    }
  }

  private takeOutcome(state: ShardState, outcome: ReportRequest['outcomes'][number], change: Change): void {
    const { meters, leases } = this.desk.parts;
    meters.dispatched(outcome.outcome);
    const record = state.apply(outcome.taskId, dispatchCommand(outcome), change);
    if (record && outcome.outcome === 'accepted')
      leases.accepted(outcome.taskId, outcome.attempt, record.attempts.at(-1)?.region ?? '');
  }
}

function isResult(report: AttemptReport): report is LateReport {
  return report.outcome !== 'lost';
}

/** W7. */
function ranElsewhere(record: TaskRecord | undefined, attempt: number, swarmId: string): boolean {
  if (!record || !isHeld(record) || record.attempt !== attempt) return false;
  return record.attempts[record.attempts.length - 1]?.swarmId !== swarmId;
}

/**
 * Whether the slot may go to the next task without a question to the load-balancer: who fails fast would else get one task after the
 * other.
 */
function isHandedOn(outcome: AttemptReport['outcome']): boolean {
  return outcome === 'succeeded' || outcome === 'cancelled';
}

/** The slot that an attempt has just given back. */
function freedSlot(record: TaskRecord, attempt: number): FreedSlot | undefined {
  const ended = record.attempts[record.attempts.length - 1];
  if (ended?.attempt !== attempt || ended.outcome === undefined) return undefined;
  const { swarmId, region, costPerSlotHour, reservationId = '' } = ended;
  return {
    taskId: record.id,
    attempt,
    swarmId,
    region,
    costPerSlotHour,
    reservationId,
    classKey: toClass(record.spec).key,
  };
}
