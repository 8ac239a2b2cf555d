import { LIMITS, type JsonValue, type TaskError } from '@multiswarm/contracts';
import type { TaskRecord } from '../domain/task/record';
import { itemSpec } from '../domain/workflow/build';
import { fault, listOf } from '../domain/workflow/expressions';
import type { RunStep } from '../domain/workflow/run';
import type { ActiveRun } from './active-run';
import type { Change } from './change';
import { collected } from './collected';
import type { MadeStep, RunDesk } from './run-desk';
import { itemInput } from './run-steps';

/** Steps that run once for each item of a list. */
export class RunMaps {
  constructor(private readonly desk: RunDesk) {}

  begin(run: ActiveRun, step: RunStep, task: TaskRecord, change: Change): void {
    const { tasks } = this.desk;
    const list = listOf(step.map?.over ?? '', run.context());
    if (!list.ok) return tasks.apply(task.id, { kind: 'reject', error: list.error }, change);
    run.record = { ...run.record, maps: { ...run.record.maps, [step.id]: list.value.length } };
    change.runState(run);
    tasks.apply(task.id, { kind: 'await' }, change);
    this.desk.follow(run, run.plan.beginMap(step.id, list.value.length), change);
  }

  /** Makes the items that come next. */
  expand(run: ActiveRun, map: RunStep, change: Change): void {
    const { tasks } = this.desk;
    const task = tasks.task(map.taskId);
    if (task?.state !== 'waiting') return;
    const { from, to } = run.plan.nextItems(map.id);
    const list = listOf(map.map?.over ?? '', run.context());
    const error = list.ok ? tooMany(run, to - from) : list.error;
    if (!list.ok || error) return void (error && tasks.apply(task.id, { kind: 'reject', error }, change));
    const items = list.value.slice(from, to);
    this.desk.extend(
      run,
      items.map((item, at) => this.item(run, map, task, item, from + at)),
      change,
    );
    // Nothing that ends will bring the rest about, where none of these has to end for it.
    const next = run.plan.nextItems(map.id);
    if (next.to > next.from) this.desk.goOnLater(run);
  }

  /** @param why they are not wanted any more */
  cancelItems(run: ActiveRun, map: string, why: string, change: Change): void {
    for (const step of run.record.spec.steps)
      if (step.of === map && step.role === 'item')
        this.desk.tasks.apply(step.taskId, { kind: 'cancel', reason: why }, change);
  }

  /** All items have ended. */
  finish(run: ActiveRun, map: RunStep, change: Change): void {
    const { tasks } = this.desk;
    const progress = run.plan.mapProgress(map.id);
    if (!progress) return;
    const { total, succeeded, failed } = progress;
    if (run.plan.mapHasFailed(map.id)) {
      const message = `${failed} of ${total} items failed, ${map.map?.toleratedFailures ?? 0} are tolerated (map.toleratedFailures)`;
      return tasks.apply(map.taskId, { kind: 'reject', error: fault('items-failed', message) }, change);
    }
    const output: JsonValue =
      map.map?.collect === false
        ? { total, succeeded, failed }
        : Array.from({ length: total }, (_, index) => run.resultOf(itemId(map.id, index)));
    tasks.apply(map.taskId, collected(output, 'the outputs of the items', 'collect: false'), change);
  }

  private item(run: ActiveRun, map: RunStep, task: TaskRecord, item: JsonValue, index: number): MadeStep {
    const input = itemInput(run, map, task.spec.input, item, index);
    const { id: of, type, estimateMs, rank } = map;
    const id = itemId(of, index);
    const step: RunStep = { id, taskId: this.desk.taskId(), type, dependsOn: [], of, role: 'item', index };
    if (map.workflow) step.control = 'workflow';
    if (estimateMs !== undefined) step.estimateMs = estimateMs;
    if (rank !== undefined) step.rank = rank;
    const spec = itemSpec(task.spec, step, input.ok ? input.value : null);
    return { run: step, spec, order: task.order, fault: input.ok ? undefined : input.error };
  }
}

function itemId(map: string, index: number): string {
  return `${map}[${index}]`;
}

function tooMany({ record }: ActiveRun, more: number): TaskError | undefined {
  const steps = record.spec.steps.length + more;
  if (steps <= LIMITS.RUN_STEPS) return undefined;
  return fault(
    'run-too-large',
    `the run would have ${steps} steps, the limit is ${LIMITS.RUN_STEPS} (RUN_STEPS)`,
  );
}
