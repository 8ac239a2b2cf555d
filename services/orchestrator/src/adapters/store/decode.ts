import type { JsonValue } from '@multiswarm/contracts';
import type { TaskRecord } from '../../domain/task/record';
import type { RunProgress, RunRecord } from '../../domain/workflow/run';

/** A task's hash as its record; undefined where there is none. What is stored was written by us, hence the casts. */
export function decodeTask(
  id: string,
  fields: Record<string, string | null | undefined>,
): TaskRecord | undefined {
  const { spec, state, output } = fields;
  if (!spec || !state) return undefined;
  return {
    ...(JSON.parse(state) as Omit<TaskRecord, 'id' | 'spec' | 'output'>),
    id,
    spec: JSON.parse(spec) as TaskRecord['spec'],
    ...(output === undefined || output === null ? {} : { output: JSON.parse(output) as JsonValue }),
  };
}

export function decodeRun(
  id: string,
  fields: Record<string, string | null | undefined>,
): { run: RunRecord; progress: RunProgress } | undefined {
  const { spec, state, progress } = fields;
  if (!spec || !state || !progress) return undefined;
  return {
    run: {
      ...(JSON.parse(state) as Omit<RunRecord, 'id' | 'spec'>),
      id,
      spec: JSON.parse(spec) as RunRecord['spec'],
    },
    progress: JSON.parse(progress) as RunProgress,
  };
}
