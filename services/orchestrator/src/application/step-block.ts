import { isTerminal } from '@multiswarm/contracts';
import type { StepBlock } from '../domain/task/own-reason';
import type { TaskRecord } from '../domain/task/record';
import type { TruthReader } from '../ports';

/** What a blocked step waits for, which its run knows. */
export async function stepBlock(
  truth: TruthReader,
  shard: number,
  { id, spec }: TaskRecord,
): Promise<StepBlock> {
  const run = (await truth.run(shard, spec.workflowId ?? ''))?.run;
  if (!run) return { steps: [] };
  const { steps, concurrency } = run.spec;
  const dependsOn = new Set(steps.find(({ taskId }) => taskId === id)?.dependsOn);
  const before = steps.filter((step) => dependsOn.has(step.id));
  const records = await truth.tasks(
    shard,
    before.map(({ taskId }) => taskId),
  );
  const open = before.flatMap((step, index) => {
    const state = records[index]?.state ?? 'blocked';
    return isTerminal(state) ? [] : [{ id: step.id, taskId: step.taskId, state }];
  });
  return { steps: open, runPaused: run.paused, concurrency };
}
