import type { RunProgress, RunRecord, RunStep } from '../../domain/workflow/run';

/**
 * The fields of a run's hash: `spec`, which may be large, is written once; `state` and `progress` as they change. Steps that the
 * run gets while it runs are in fields of their own (`addedField`), so that each is written once.
 */
export type StoredRun = Readonly<Record<string, string | null | undefined>>;

const ADDED = 'steps:';

/** Steps behind the first `from`. */
export function addedField(from: number): string {
  return `${ADDED}${from}`;
}

export function encodeRunSpec({ spec }: RunRecord): string {
  return JSON.stringify(spec);
}

export function encodeRunState(run: RunRecord): string {
  return JSON.stringify({ ...run, id: undefined, spec: undefined });
}

export function decodeRunState(stored: string): Omit<RunRecord, 'id' | 'spec'> {
  return JSON.parse(stored) as Omit<RunRecord, 'id' | 'spec'>; // written by us
}

export function decodeProgress(stored: string): RunProgress {
  return JSON.parse(stored) as RunProgress; // written by us
}

export function decodeRun(
  id: string,
  stored: StoredRun,
): { run: RunRecord; progress: RunProgress } | undefined {
  const { spec, state, progress } = stored;
  if (!spec || !state || !progress) return undefined;
  // What is stored was written by us, hence the casts.
  const whole = JSON.parse(spec) as RunRecord['spec'];
  const added = addedSteps(stored);
  return {
    run: {
      ...decodeRunState(state),
      id,
      spec: added.length === 0 ? whole : { ...whole, steps: joined(whole.steps, added) },
    },
    progress: decodeProgress(progress),
  };
}

function addedSteps(stored: StoredRun): RunStep[] {
  const froms = Object.keys(stored)
    .filter((field) => field.startsWith(ADDED))
    .map((field) => Number(field.slice(ADDED.length)))
    .sort((one, other) => one - other);
  return froms.flatMap((from) => JSON.parse(stored[addedField(from)] ?? '[]') as RunStep[]);
}

/** A specification that was written anew has what was added before. */
function joined(first: readonly RunStep[], added: readonly RunStep[]): RunStep[] {
  const known = new Set(first.map(({ id }) => id));
  return [...first, ...added.filter(({ id }) => !known.has(id))];
}
