import type { TaskState } from '@multiswarm/contracts';
import type { TaskRecord } from '../../domain/task/record';
import type { RunProgress, RunRecord, RunStep } from '../../domain/workflow/run';
import type { Write } from '../../ports';

export interface TaskChange {
  record: TaskRecord;
  isNew: boolean;
  /** The state that is stored now; undefined for a new task, and where it is not known. */
  was: TaskState | undefined;
}

export interface RunChange {
  /** Undefined where only the progress has changed. */
  record?: RunRecord;
  progress: RunProgress | undefined;
  isNew: boolean;
  /** Steps that were added, by the number of those before them. */
  steps?: Map<number, readonly RunStep[]>;
}

/**
 * What a batch comes to: of several writes of one task, run or root the last one stands, counts are summed. What is
 * forgotten is removed before anything is written, so that an id may come again in the same batch.
 */
export interface BatchChanges {
  forgottenTasks: string[];
  forgottenRoots: string[];
  tasks: Map<string, TaskChange>;
  runs: Map<string, RunChange>;
  /** When a root that has ended expires; undefined where it was opened again. */
  ended: Map<string, number | undefined>;
  counts: Map<string, number>;
}

export function changesOf(writes: readonly Write[]): BatchChanges {
  const changes: BatchChanges = {
    forgottenTasks: [],
    forgottenRoots: [],
    tasks: new Map(),
    runs: new Map(),
    ended: new Map(),
    counts: new Map(),
  };
  for (const write of writes) add(changes, write);
  return changes;
}

function add(changes: BatchChanges, write: Write): void {
  switch (write.kind) {
    case 'task':
      return addTask(changes.tasks, write);
    case 'run':
      return addRun(changes.runs, write);
    case 'run-progress': {
      const earlier = changes.runs.get(write.runId);
      if (earlier) earlier.progress = write.progress;
      else changes.runs.set(write.runId, { progress: write.progress, isNew: false });
      return;
    }
    case 'run-steps': {
      const run = changes.runs.get(write.runId) ?? { progress: undefined, isNew: false };
      (run.steps ??= new Map()).set(write.from, write.steps);
      return void changes.runs.set(write.runId, run);
    }
    case 'root-ended':
      return void changes.ended.set(write.root, write.expiresAt);
    case 'root-reopened':
      return void changes.ended.set(write.root, undefined);
    case 'count':
      return void changes.counts.set(write.state, (changes.counts.get(write.state) ?? 0) + write.by);
    case 'forget':
      return forget(changes, write.root, write.taskIds);
    case 'event':
    case 'keep':
  }
}

function addTask(
  tasks: Map<string, TaskChange>,
  { record, isNew, was }: Extract<Write, { kind: 'task' }>,
): void {
  const earlier = tasks.get(record.id);
  if (!earlier) return void tasks.set(record.id, { record, isNew, was });
  earlier.record = record;
  earlier.isNew ||= isNew;
}

function addRun(
  runs: Map<string, RunChange>,
  { record, progress, isNew }: Extract<Write, { kind: 'run' }>,
): void {
  const earlier = runs.get(record.id);
  const run: RunChange = { record, progress, isNew: isNew || earlier?.isNew === true };
  if (earlier?.steps) run.steps = earlier.steps;
  runs.set(record.id, run);
}

function forget(changes: BatchChanges, root: string, taskIds: readonly string[]): void {
  changes.forgottenRoots.push(root);
  changes.runs.delete(root);
  changes.ended.delete(root);
  for (const id of taskIds) {
    changes.forgottenTasks.push(id);
    changes.tasks.delete(id);
  }
}
