import type { TaskError, TaskSpec } from '@multiswarm/contracts';
import type { TaskCommand, TaskRecord } from '../domain/task/record';
import type { BuiltRun } from '../domain/workflow/build';
import type { PlanCommand } from '../domain/workflow/planner';
import type { NewStep, RunStep } from '../domain/workflow/run';
import type { ActiveRun } from './active-run';
import type { Change } from './change';

/** What runs may do with the tasks of their shard. */
export interface RunTasks {
  task(id: string): TaskRecord | undefined;
  /** A step of the run, blocked. @param kept the task of an earlier run whose result it has */
  create(step: NewStep, run: ActiveRun, change: Change, kept?: TaskRecord): void;
  apply(id: string, command: TaskCommand, change: Change): void;
}

/** A step that a run gets while it runs. `fault`: why it fails before it starts. */
export interface MadeStep {
  run: RunStep;
  spec: TaskSpec;
  order: number;
  fault?: TaskError | undefined;
}

/** What the parts that make steps and runs out of steps work with. */
export interface RunDesk {
  readonly tasks: RunTasks;
  /** A new id of a task of this shard. */
  readonly taskId: () => string;
  readonly capped: (spec: TaskSpec) => TaskSpec;
  /** Steps with their tasks on their way into a run. */
  extend(run: ActiveRun, steps: readonly MadeStep[], change: Change): void;
  follow(run: ActiveRun, commands: readonly PlanCommand[], change: Change): void;
  /** Something is left to be done that no end of a step will bring about. */
  goOnLater(run: ActiveRun): void;
  add(built: BuiltRun, change: Change): void;
}
