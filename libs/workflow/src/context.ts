import type { JsonValue, TaskError, TaskState } from '@multiswarm/contracts';

/** What conditions and paths of a run may look at: of steps that have not ended only the state. */
export interface RunContext {
  run: { id: string; name: string | null; input: JsonValue };
  steps: Readonly<Record<string, StepFacts>>;
  /** Of an item of a map. */
  item?: JsonValue;
  /** Of an item of a map, from 0. */
  index?: number;
}

export interface StepFacts {
  state: TaskState;
  /** Null where there is none. */
  output: JsonValue;
  error: TaskError | null;
}
