import { isTerminal, taskId, type Event } from '@multiswarm/contracts';
import { eventsOf } from '../../../services/orchestrator/src/application/event-batches';
import type { TaskRecord } from '../../../services/orchestrator/src/domain/task/record';
import { faultsOf, faultsOfEnded } from '../../../services/orchestrator/test/support/run-reference';
import type { RunProgress, RunRecord } from '../../../services/orchestrator/src/domain/workflow/run';
import type { Batch, Write } from '../../../services/orchestrator/src/ports';
import type { Findings } from './findings';
import { lateFaults } from './late-book';
import type { LimitBook } from './limit-book';
import { changedAtEnd, keptFaults, plannedFaults, stoppedFaults } from './run-book';
import type { WorkBook } from './work-book';

interface Shard {
  epoch: number;
  batchSeq: number;
  /** Tasks by state; those that have ended stay counted when they are forgotten. */
  counts: Map<string, number>;
}

/** What an owner says that has waited in vain; coordinators have other words. */
const OWN_LOSS = /^(no sign of life|region \S+ has not listed)/;

/**
 * The committed truth, kept a second time from the batches as they were applied, and what must hold between one commit and
 * the next (invariants 1, 2, 3, 5 and 6).
 */
export class Ledger {
  readonly tasks = new Map<string, TaskRecord>();
  readonly runs = new Map<string, { run: RunRecord; progress: RunProgress }>();
  /** Events by root. */
  readonly histories = new Map<string, Event[]>();
  /** Ids of tasks of which a client has asked for another try. */
  readonly retriable = new Set<string>();
  private readonly shards = new Map<number, Shard>();
  private readonly redriven = new Set<string>();
  private readonly terminal = new Map<string, string>();
  private readonly toldLate = new Set<string>();

  constructor(
    private readonly findings: Findings,
    private readonly work: WorkBook,
    private readonly limits: LimitBook,
    private readonly attemptLeaseMs: number,
  ) {}

  shard(shard: number): Shard {
    const known = this.shards.get(shard) ?? { epoch: 0, batchSeq: 0, counts: new Map<string, number>() };
    this.shards.set(shard, known);
    return known;
  }

  /** @param lease the epoch of the shard's lease at this moment, and since when it has been that */
  applied(batch: Batch, lease: { epoch: number; ageMs: number }): void {
    const shard = this.shard(batch.shard);
    const name = `batch ${batch.shard}.${batch.batchSeq} of epoch ${batch.epoch}`;
    this.findings.holds(
      6,
      batch.epoch === lease.epoch,
      () => `${name} was applied under epoch ${lease.epoch}`,
    );
    const follows = batch.after === shard.batchSeq && batch.batchSeq > shard.batchSeq;
    this.findings.holds(6, batch.epoch >= shard.epoch && follows, () => {
      return `${name}, which follows ${batch.after}, was applied after ${shard.batchSeq} of epoch ${shard.epoch}`;
    });
    shard.epoch = batch.epoch;
    shard.batchSeq = batch.batchSeq;
    this.checkAdded(batch);
    for (const write of batch.writes) this.write(write, shard);
    for (const event of eventsOf(batch.writes)) {
      this.happened(event);
      this.checkLoss(event, lease.ageMs);
    }
    this.checkCounts(batch, shard);
    // A batch is applied whole, so steps are looked at when all of it is there.
    const touched = new Set(batch.writes.flatMap(runsIn));
    for (const id of touched) this.checkRun(id);
    this.limits.check();
  }

  counts(shard: number): Record<string, number> {
    return Object.fromEntries(this.shard(shard).counts);
  }

  ended(id: string): boolean {
    const record = this.tasks.get(id);
    return record !== undefined && isTerminal(record.state);
  }

  private write(write: Write, shard: Shard): void {
    switch (write.kind) {
      case 'task':
        return this.writeTask(write.record);
      case 'run':
        return this.writeRun(write.record, write.progress);
      case 'run-progress': {
        const known = this.runs.get(write.runId);
        if (known) known.progress = write.progress;
        return;
      }
      case 'run-steps': {
        const known = this.runs.get(write.runId);
        if (!known) return;
        const { spec } = known.run;
        const there = new Set(spec.steps.map(({ id }) => id));
        const steps = [...spec.steps, ...write.steps.filter(({ id }) => !there.has(id))];
        known.run = { ...known.run, spec: { ...spec, steps } };
        return;
      }
      case 'forget':
        return void write.taskIds.forEach((id) => this.tasks.delete(id));
      case 'count':
        return void shard.counts.set(write.state, (shard.counts.get(write.state) ?? 0) + write.by);
      case 'root-ended':
      case 'root-reopened':
      case 'event':
      case 'keep':
    }
  }

  private checkAdded({ writes }: Batch): void {
    for (const write of writes) {
      if (write.kind !== 'run-steps') continue;
      const run = this.runs.get(write.runId)?.run;
      const faults = run ? plannedFaults(run, write.steps, (id) => this.tasks.get(id)) : [];
      for (const fault of faults) this.findings.broken(2, `${write.runId}: ${fault}`);
    }
  }

  private happened(event: Event): void {
    const { root, seq, type } = event;
    const history = this.histories.get(root) ?? [];
    this.histories.set(root, history);
    this.findings.holds(
      7,
      seq === history.length + 1,
      () => `event ${seq} (${type}) of ${root} was committed after ${history.length}`,
    );
    history.push(event);
    if (type === 'task.late-result') this.checkToldOnce(event);
    if (type === 'task.retried' && event.data?.['redrive'] === true) this.checkRedrive(root);
  }

  /** 2: a late result is told once, of an attempt whose record has it. */
  private checkToldOnce({ taskId = '', attempt = 0 }: Event): void {
    const name = `${taskId}#${attempt}`;
    const record = this.tasks.get(taskId);
    const has = record?.attempts.some((each) => each.attempt === attempt && each.late) ?? false;
    this.findings.holds(2, has && !this.toldLate.has(name), () => {
      return `a late result of ${name} was told ${has ? 'twice' : 'without being kept'}`;
    });
    this.toldLate.add(name);
  }

  /** 1: clients redrive a task under one key, so that it is opened by that once, however often they ask. */
  private checkRedrive(id: string): void {
    this.findings.holds(1, !this.redriven.has(id), () => `${id} was redriven twice under one key`);
    this.redriven.add(id);
  }

  private writeTask(next: TaskRecord): void {
    const before = this.tasks.get(next.id);
    this.tasks.set(next.id, next);
    this.limits.changed(before, next);
    this.checkAttempts(before, next);
    if (before) this.checkFinal(before, next);
    for (const fault of lateFaults(before, next, this.work)) this.findings.broken(2, fault);
    if (next.state === 'succeeded') this.checkResult(before, next);
    if (isTerminal(next.state)) this.terminal.set(next.id, next.state);
  }

  /** 5: what is counted as present in a state is there. Only states that tasks leave again: ended ones stay counted. */
  private checkCounts({ batchSeq, shard: number }: Batch, { counts }: Shard): void {
    const present = new Map<string, number>();
    for (const { id, state } of this.tasks.values())
      if (id.startsWith(taskId(number, ''))) present.set(state, (present.get(state) ?? 0) + 1);
    for (const [state, count] of counts) {
      if (isTerminal(state)) continue;
      const there = present.get(state) ?? 0;
      this.findings.holds(5, count === there, () => {
        return `after batch ${number}.${batchSeq} ${count} tasks are counted as ${state}, there are ${there}`;
      });
    }
  }

  private writeRun(run: RunRecord, progress: RunProgress): void {
    const before = this.runs.get(run.id)?.run;
    this.findings.holds(
      1,
      before === undefined || before.state === 'running' || before.state === run.state,
      () => {
        return `${run.id} was ${before?.state} and became ${run.state}`;
      },
    );
    this.runs.set(run.id, { run, progress });
  }

  /** 1: what has ended stays so, unless somebody has asked for another try. */
  private checkFinal(before: TaskRecord, next: TaskRecord): void {
    this.findings.holds(
      1,
      !changedAtEnd(before, next),
      () => `${next.id} had ended, and has ended otherwise`,
    );
    if (!isTerminal(before.state) || before.state === next.state) return;
    const again = this.retriable.has(next.id) && !isTerminal(next.state);
    this.findings.holds(1, again, () => `${next.id} had ended as ${before.state} and became ${next.state}`);
  }

  /** 2: numbers of attempts grow one by one, each is placed once, and only a new number begins a new placement. */
  private checkAttempts(before: TaskRecord | undefined, next: TaskRecord): void {
    const last = before?.attempt ?? 0;
    this.findings.holds(2, next.attempt === last || next.attempt === last + 1, () => {
      return `${next.id} went from attempt ${last} to ${next.attempt}`;
    });
    const isNewPlacement = next.state === 'assigned' && before?.state !== 'assigned';
    this.findings.holds(2, !isNewPlacement || next.attempt !== last, () => {
      return `${next.id} was assigned to ${next.attempts.at(-1)?.swarmId} under the number ${last}, which was used before`;
    });
  }

  /** 2: what a task ended with was made by its current attempt. */
  private checkResult(before: TaskRecord | undefined, next: TaskRecord): void {
    if (before?.state === 'succeeded' || next.spec.control !== undefined) return;
    // What is kept of an earlier run is held against that (`keptFaults`).
    if (next.attempts.length === 0 && next.spec.workflowId !== undefined) return;
    const made = this.work.resultOf(next.id, next.attempt);
    this.findings.holds(2, made !== undefined, () => {
      return `${next.id} succeeded with attempt ${next.attempt}, of which no handler has returned`;
    });
    this.findings.holds(2, made === undefined || JSON.stringify(made) === JSON.stringify(next.output), () => {
      return `${next.id} succeeded with ${JSON.stringify(next.output)}, attempt ${next.attempt} had made ${JSON.stringify(made)}`;
    });
  }

  /** 2: an owner that has just taken over has not been silent to for long enough to know what that means. */
  private checkLoss({ type, taskId, data }: Event, ageMs: number): void {
    if (type !== 'task.lost' || !OWN_LOSS.test(reasonIn(data))) return;
    this.findings.holds(2, ageMs >= this.attemptLeaseMs, () => {
      return `${taskId} was declared lost by an owner that was in office for ${ageMs} ms: ${reasonIn(data)}`;
    });
  }

  /** 3: no step starts before its join allows it, and what a change means for a run and for the run above it is in its batch. */
  private checkRun(id: string): void {
    const run = this.runs.get(id)?.run;
    if (!run) return this.findings.broken(3, `${id} has made progress, and is not there`);
    const missing = run.spec.steps.find(({ taskId }) => !this.tasks.has(taskId));
    if (missing) return this.findings.broken(3, `the step ${missing.id} of ${id} has no task`);
    const taskOf = ({ taskId }: { taskId: string }): TaskRecord => this.tasks.get(taskId) as TaskRecord; // see above
    const faults = faultsOf(run, taskOf);
    faults.push(...stoppedFaults(run, taskOf), ...keptFaults(run, (id) => this.tasks.get(id)));
    const { state, error, spec } = run;
    if (state === 'running' && run.spec.steps.every(({ taskId }) => this.ended(taskId)))
      faults.push('all its steps have ended, and it has not');
    if (state !== 'running' && error?.code !== 'workflow-timeout') faults.push(...faultsOfEnded(run, taskOf));
    if (state !== 'running' && spec.parent && !this.ended(spec.parent.taskId))
      faults.push('it has ended, and its step above has not');
    for (const fault of faults) this.findings.broken(3, `${id}: ${fault}`);
  }
}

function runsIn(write: Write): string[] {
  if (write.kind === 'run-progress') return [write.runId];
  const id = write.kind === 'task' ? write.record.spec.workflowId : undefined;
  return id === undefined ? [] : [id];
}

function reasonIn(data: Event['data']): string {
  const reason = data?.['reason'];
  return typeof reason === 'string' ? reason : '';
}
