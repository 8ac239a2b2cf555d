import type { JsonValue } from '@multiswarm/contracts';
import type { RunRecord } from './run';

/** What the first event of a run tells. */
export function submittedData({ spec }: RunRecord, steps: number): Record<string, JsonValue> {
  const { name, definition, parent, forkOf, schedule } = spec;
  return {
    steps,
    ...(name === undefined ? {} : { name }),
    ...(definition ? { definition: { ...definition } } : {}),
    ...(parent ? { parent: parent.workflowId } : {}),
    ...(forkOf ? { forkOf: { ...forkOf } } : {}),
    ...(schedule === undefined ? {} : { schedule }),
  };
}
