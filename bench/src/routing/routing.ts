import type { Random } from '@multiswarm/core';
import type { Scenario } from './scenario';
import type { Standing } from './drill-watch';
import type { Host } from './world/host';
import type { Ending, Job } from './world/job';

/** No free slot is known of: the request waits, in order, until there is one. */
export const WAIT = -1;

/**
 * `early`: every request goes to a host at once, and queues there. `late`: a host takes only what it has a free slot for; it
 * refuses the rest, which is placed again (at most `REPICKS` times), and waits in one queue when nobody has a slot.
 */
export type Binding = 'early' | 'late';

/** A way to route, as the simulation runs it. */
export interface Routing {
  readonly name: string;
  readonly binding: Binding;
  /** Balancers that this way runs with, instead of those of the scenario: Prequal runs in every client. */
  readonly replicas?: number;
  /** A request is with its host at once: for what cannot be built. */
  readonly instant?: boolean;
  start(world: World): Balancers;
}

export interface World {
  readonly scenario: Scenario;
  readonly replicas: number;
  readonly random: Random;
  /** The hosts as they are: for probes, reports, and for what cannot be built but is compared with. */
  readonly hosts: readonly Host[];
}

/** All replicas of one way to route. */
export interface Balancers {
  /** The host for a request that this replica was asked to place, or WAIT. */
  place(replica: number, job: Job, nowS: number): number;
  /** The host would not take it. */
  refused?(job: Job, nowS: number): void;
  /** `job.replica` placed it on `job.host`. */
  ended?(job: Job, ending: Ending, nowS: number): void;
  /** A host says how it is, to all replicas. */
  reported?(host: Host, nowS: number): void;
  /** What this replica gives the host now; for those that judge hosts by how they do. */
  readonly standing?: ((replica: number, host: number) => Standing) | undefined;
}
