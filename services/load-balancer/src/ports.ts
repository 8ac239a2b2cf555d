import type { CapacityEvent, LbReport } from '@multiswarm/contracts';

/** What the load-balancer tells the world. */
export interface Announcer {
  /** Work that waits may fit now. Best effort: who misses it looks again by itself. */
  capacity(event: CapacityEvent): void;
  /** Tells all replicas, this one included, how placements ended. Throws `bus-unavailable`. */
  report(report: LbReport): void;
}
