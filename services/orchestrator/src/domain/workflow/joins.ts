import type { Join, TaskError, TaskState } from '@multiswarm/contracts';

/**
 * How a step has ended, for those behind it. `tolerated`: it failed, and that was allowed. `void`: its condition was false, or
 * it stood behind such a step; that is no failure.
 */
export type StepEnd = 'good' | 'tolerated' | 'bad' | 'void';

/** How many of the steps before one have ended, and how. */
export interface Upstream {
  total: number;
  good: number;
  tolerated: number;
  bad: number;
  void: number;
}

export type Verdict = 'wait' | 'start' | 'skip-bad' | 'skip-void';

/** @param state one that is terminal */
export function endOf(state: TaskState, error: TaskError | undefined, continueOnFailure: boolean): StepEnd {
  switch (state) {
    case 'succeeded':
      return 'good';
    case 'skipped':
      return error?.code === 'condition-false' || error?.code === 'upstream-skipped' ? 'void' : 'bad';
    case 'failed':
    case 'expired':
      return continueOnFailure ? 'tolerated' : 'bad';
    default:
      return 'bad';
  }
}

/** Whether a step may start, can never start, or has to wait. */
export function verdictOf(join: Join | undefined, up: Upstream): Verdict {
  const ended = up.good + up.tolerated + up.bad + up.void;
  if (typeof join === 'object') return atLeast(join.atLeast, up, ended);
  switch (join) {
    case undefined:
    case 'all':
      if (up.bad > 0) return 'skip-bad';
      if (up.void > 0) return 'skip-void';
      return ended === up.total ? 'start' : 'wait';
    case 'any':
      return atLeast(1, up, ended);
    case 'none-failed':
      if (up.bad > 0) return 'skip-bad';
      return ended === up.total ? 'start' : 'wait';
    case 'all-ended':
      return ended === up.total ? 'start' : 'wait';
  }
}

function atLeast(needed: number, up: Upstream, ended: number): Verdict {
  // A step without dependencies has nothing to wait for, whatever it says.
  if (up.total === 0 || up.good >= needed) return 'start';
  if (up.good + (up.total - ended) >= needed) return 'wait';
  return up.bad + up.tolerated > 0 ? 'skip-bad' : 'skip-void';
}
