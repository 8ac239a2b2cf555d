import type { AttemptRef, Placement, Waiting } from '@multiswarm/contracts';
import type { Now } from './now';

/** A task that has a slot. */
export interface Placed extends AttemptRef {
  shard: number;
  placement: Placement;
}

/** What came of a pass. */
export interface Settled {
  placed: Placed[];
  /** Slots that nobody wants any more. */
  unused: Placed[];
}

export function unanswered(now: Now): Waiting {
  return {
    reason: 'not-yet-considered',
    since: new Date(now.wall).toISOString(),
    detail: 'the load-balancer gave no answer for this task',
    unmet: [],
  };
}
