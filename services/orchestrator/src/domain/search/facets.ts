import { isTerminal, type TaskGroup } from '@multiswarm/contracts';
import { currentAttempt, isHeld, type Attempt, type TaskRecord } from '../task/record';

/** What tasks are found and counted by, as their records tell it. Undefined is none. */
export const FACETS: Readonly<Record<TaskGroup, (record: TaskRecord) => string | undefined>> = {
  state: ({ state }) => state,
  type: ({ spec }) => spec.type,
  namespace: ({ spec }) => spec.namespace,
  swarm: (record) => placeOf(record)?.swarmId,
  region: (record) => placeOf(record)?.region,
  code: codeOf,
};

/** The attempt that a list shows: the one that a swarm holds, or with which the task ended. */
export function placeOf(record: TaskRecord): Attempt | undefined {
  if (record.attempts.length === 0) return undefined;
  return isHeld(record) || isTerminal(record.state) ? currentAttempt(record) : undefined;
}

/** Of the error with which it ended, or for which it is to be tried again. */
export function codeOf({ error, lastError }: TaskRecord): string | undefined {
  return (error ?? lastError)?.code;
}
