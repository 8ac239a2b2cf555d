import type { DeadLetterFilter, DeadState } from '@multiswarm/contracts';
import type { TaskRecord } from './record';

/** What dead letters are filtered and counted by, so that nobody has to read whole tasks for it. */
export interface DeadLetterFacts {
  state: DeadState;
  type: string;
  namespace: string;
  /** Of the error with which it ended; empty where it has none. */
  code: string;
}

/** @param record of a dead letter */
export function factsOf({ state, spec, error }: TaskRecord): DeadLetterFacts {
  return {
    state: state as DeadState, // of a dead letter
    type: spec.type,
    namespace: spec.namespace,
    code: error?.code ?? '',
  };
}

/** Whether it is one of those that are asked for; times are told by the place in the list. */
export function fits(facts: DeadLetterFacts, { state, type, namespace, code }: DeadLetterFilter): boolean {
  return (
    (state ?? facts.state) === facts.state &&
    (type ?? facts.type) === facts.type &&
    (namespace ?? facts.namespace) === facts.namespace &&
    (code ?? facts.code) === facts.code
  );
}
