import type { CapacityEvent, CustomPolicyStatus, LbReport, RoutingBatch } from '@multiswarm/contracts';
import type { ReadRanking } from './domain/custom-policy/read-ranking';

/** What the load-balancer tells the world. */
export interface Announcer {
  /** Work that waits may fit now. Best effort: who misses it looks again by itself. */
  capacity(event: CapacityEvent): void;
  /** Tells all replicas, this one included, how placements ended. Throws `bus-unavailable`. */
  report(report: LbReport): void;
}

/** For each item of a batch the swarms to try, or why there is nothing of the kind. */
export type CustomRanking = ({ ok: true } & ReadRanking) | { ok: false; why: string };

/** A user's own policy. */
export interface CustomPolicy {
  readonly name: string;
  readonly status: CustomPolicyStatus;
  /** Never rejects, and answers within the policy's time limit. */
  rank(batch: RoutingBatch): Promise<CustomRanking>;
}
