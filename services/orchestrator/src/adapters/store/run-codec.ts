import type { RunProgress, RunRecord } from '../../domain/workflow/run';

/** The fields of a run's hash. The specification, which may be large, is written once. */
export interface StoredRun {
  spec?: string | null | undefined;
  state?: string | null | undefined;
  progress?: string | null | undefined;
}

export function encodeRunSpec({ spec }: RunRecord): string {
  return JSON.stringify(spec);
}

export function encodeRunState({ id: _key, spec: _apart, ...state }: RunRecord): string {
  return JSON.stringify(state);
}

export function decodeRun(
  id: string,
  { spec, state, progress }: StoredRun,
): { run: RunRecord; progress: RunProgress } | undefined {
  if (!spec || !state || !progress) return undefined;
  // What is stored was written by us, hence the casts.
  return {
    run: {
      ...(JSON.parse(state) as Omit<RunRecord, 'id' | 'spec'>),
      id,
      spec: JSON.parse(spec) as RunRecord['spec'],
    },
    progress: JSON.parse(progress) as RunProgress,
  };
}
