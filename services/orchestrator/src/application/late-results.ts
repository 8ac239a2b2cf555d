import type { AttemptReport, ReportReply } from '@multiswarm/contracts';
import { deferred, type Deferred } from '@multiswarm/core';
import type { AttemptEnd, TaskCommand, TaskRecord } from '../domain/task/record';
import type { RunProgress } from '../domain/workflow/run';
import type { Change, EventCounter } from './change';
import type { OwnerDesk } from './owner-desk';
import { resultOf } from './report-command';
import type { ShardState } from './shard-state';

type Acks = ReportReply['acks'];
/** A report of a swarm about an attempt that is not current. */
export type LateReport = AttemptReport & { outcome: AttemptEnd };
/** What one swarm has reported in one message. */
interface Told {
  swarmId: string;
  reports: readonly LateReport[];
  acks: Deferred<Acks>;
}
/** What is known when some are recorded. */
interface Sight {
  state: ShardState;
  change: Change;
  runs: EndedRuns;
  recordOf: (id: string) => TaskRecord | undefined;
}
/** Runs that have ended, by id; undefined where one is not stored any more. */
type EndedRuns = ReadonlyMap<string, EndedRun | undefined>;

/**
 * What attempts report that are over already: told in the history, answered as `stale`, and without any consequence.
 *
 * L1. One change after the other: the events of a run that has ended are numbered by what is stored of it. What comes meanwhile goes
 *     together in the next one, so that a region that comes back with hundreds costs a few commits.
 * L2. What is being deleted is not written any more.
 * L3. Where nothing can be said now there is no answer, so that the swarm asks again.
 */
export class LateResults {
  private waiting: Told[] = [];
  private isAtWork = false;

  constructor(private readonly desk: OwnerDesk) {}

  /** @returns answers to be given after the commit; none for what has to be reported again (L3) */
  take(swarmId: string, reports: readonly LateReport[]): Promise<Acks> {
    const told: Told = { swarmId, reports, acks: deferred() };
    this.waiting.push(told);
    if (!this.isAtWork) void this.work();
    return told.acks.promise;
  }

  /** L1: what comes while some are recorded goes together, after them. */
  private async work(): Promise<void> {
    this.isAtWork = true;
    while (this.waiting.length > 0) {
      const taken = this.waiting.splice(0);
      const acks = await this.record(taken).catch((error: unknown): Acks[] => {
        const { shard, parts } = this.desk;
        parts.logger.warn('late results are not recorded yet', { shard, error });
        return [];
      });
      taken.forEach((told, index) => told.acks.resolve(acks[index] ?? []));
    }
    this.isAtWork = false;
  }

  private async record(taken: readonly Told[]): Promise<Acks[]> {
    const ids = [...new Set(taken.flatMap(({ reports }) => reports.map(({ taskId }) => taskId)))];
    const found = await this.desk.recall(ids);
    const runs = await this.endedRuns(found.values());
    // What was read before the runs may be old by now.
    const records = runs.size === 0 ? found : await this.desk.recall(ids);
    const state = this.desk.serving();
    const change = state.change();
    const recordOf = (id: string): TaskRecord | undefined => state.task(id) ?? records.get(id);
    const acks = taken.map((told) => this.tell(told, { state, change, runs, recordOf }));
    await this.desk.commitToAnswer(change);
    return acks;
  }

  private tell({ swarmId, reports }: Told, { state, change, runs, recordOf }: Sight): Acks {
    const acks: Acks = [];
    for (const report of reports) {
      const { taskId, attempt } = report;
      const record = recordOf(taskId);
      const place = record && this.placeOf(record, state, runs);
      if (place === 'not known') continue; // L3
      if (record && place !== 'nowhere') state.tell(record, lateCommand(swarmId, report), change, place);
      acks.push({ taskId, attempt, status: 'stale' });
    }
    return acks;
  }

  /** Who counts the events of a task: undefined where it does so itself. `nowhere`: nobody any more. */
  private placeOf(
    { id, spec: { workflowId } }: TaskRecord,
    state: ShardState,
    runs: EndedRuns,
  ): EventCounter | undefined | 'nowhere' | 'not known' {
    if (this.desk.forgetting.has(workflowId ?? id)) return 'nowhere'; // L2
    if (workflowId === undefined) return undefined;
    const run = state.activeRun(workflowId) ?? runs.get(workflowId);
    if (run) return run;
    // One that was active when the others were read has ended since.
    return runs.has(workflowId) ? 'nowhere' : 'not known';
  }

  /** Of the runs of these tasks those that are over. Their ends are stored when they are read: nothing changes them later. */
  private async endedRuns(records: Iterable<TaskRecord>): Promise<EndedRuns> {
    const { shard, parts } = this.desk;
    const state = this.desk.serving();
    const ids = new Set<string>();
    for (const { spec } of records)
      if (spec.workflowId !== undefined && !state.activeRun(spec.workflowId)) ids.add(spec.workflowId);
    if (ids.size === 0) return new Map();
    await this.desk.commit(state.change());
    const stored = await parts.store.progressOf(shard, [...ids]);
    return new Map([...ids].map((id, index) => [id, endedRun(id, stored[index])]));
  }
}

/** Counts on where a run has ended. */
class EndedRun implements EventCounter {
  readonly record: EventCounter['record'];

  constructor(
    id: string,
    private stored: RunProgress,
  ) {
    this.record = { id };
  }

  next(): number {
    this.stored = { ...this.stored, events: this.stored.events + 1 };
    return this.stored.events;
  }

  progress(): RunProgress {
    return this.stored;
  }
}

function endedRun(id: string, stored: RunProgress | undefined): EndedRun | undefined {
  return stored && new EndedRun(id, stored);
}

function lateCommand(swarmId: string, report: LateReport): TaskCommand {
  const { attempt, outcome } = report;
  return { kind: 'late-result', attempt, swarmId, outcome, result: resultOf(report) };
}
