import type { AttemptReport, ReportReply } from '@multiswarm/contracts';
import type { AttemptEnd, TaskCommand, TaskRecord } from '../domain/task/record';
import type { RunProgress } from '../domain/workflow/run';
import type { EventCounter } from './change';
import type { OwnerDesk } from './owner-desk';
import { resultOf } from './report-command';
import type { ShardState } from './shard-state';

type Acks = ReportReply['acks'];
/** A report of a swarm about an attempt that is not current. */
export type LateReport = AttemptReport & { outcome: AttemptEnd };
/** Runs that have ended, by id; undefined where one is not stored any more. */
type EndedRuns = ReadonlyMap<string, EndedRun | undefined>;

/**
 * What attempts report that are over already: told in the history, answered as `stale`, and without any consequence.
 *
 * L1. Messages are taken one after the other: the events of a run that has ended are numbered by what is stored of it.
 * L2. What is being deleted is not written any more.
 * L3. Where nothing can be said now there is no answer, so that the swarm asks again.
 */
export class LateResults {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly desk: OwnerDesk) {}

  /** @returns answers to be given after the commit; none for what has to be reported again (L3) */
  take(swarmId: string, reports: readonly LateReport[]): Promise<Acks> {
    const taken = this.last.then(() => this.record(swarmId, reports)); // L1
    const { shard, parts } = this.desk;
    const settled = taken.catch((error: unknown): Acks => {
      parts.logger.warn('late results are not recorded yet', { shard, error });
      return [];
    });
    this.last = settled;
    return settled;
  }

  private async record(swarmId: string, reports: readonly LateReport[]): Promise<Acks> {
    const ids = [...new Set(reports.map(({ taskId }) => taskId))];
    const found = await this.desk.recall(ids);
    const runs = await this.endedRuns(found.values());
    // What was read before the runs may be old by now.
    const records = runs.size === 0 ? found : await this.desk.recall(ids);
    const state = this.desk.serving();
    const change = state.change();
    const acks: Acks = [];
    for (const report of reports) {
      const { taskId, attempt } = report;
      const record = state.task(taskId) ?? records.get(taskId);
      const place = record && this.placeOf(record, state, runs);
      if (place === 'not known') continue; // L3
      if (record && place !== 'nowhere') state.tell(record, lateCommand(swarmId, report), change, place);
      acks.push({ taskId, attempt, status: 'stale' });
    }
    await this.desk.commitToAnswer(change);
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
