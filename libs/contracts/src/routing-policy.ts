import { z } from 'zod';
import { Namespace } from './names';
import type { Requirements, Resources } from './requirements';
import { NamespaceRouting, type Routing } from './routing';
import type { SwarmProfile } from './swarm';

/** A user's own policy, as one replica has it. `off`: requests that ask for it are placed by `hybrid`, and their receipts say why. */
export const CustomPolicyStatus = z.object({
  name: z.string(),
  path: z.string().describe('of the file, where this replica runs'),
  state: z.enum(['starting', 'ready', 'restarting', 'off']),
  strikes: z.number().int().describe('how often its thread had to be ended lately'),
  reason: z.string().optional().describe('why it is off, or starts again'),
});
export type CustomPolicyStatus = z.infer<typeof CustomPolicyStatus>;

/**
 * A routing policy of one's own: the module that `CUSTOM_POLICIES` names exports `rank`, or `policy` files written in
 * JavaScript say `@type {import('@multiswarm/sdk').RoutingPolicy}`. `docs/custom-policies.md` is the guide.
 */
export interface RoutingPolicy {
  /** Asked once for a batch of items. What it returns is a wish: only candidates that are still open when the item is placed count. */
  rank(batch: RoutingBatch): Ranking | Promise<Ranking>;
}

/** For each item of the batch, in the order of the items: ids of swarms, the best first. An empty list leaves the item to `hybrid`. */
export type Ranking = readonly (readonly string[])[];

export interface RoutingBatch {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly items: readonly RoutingItem[];
  /** By `RoutingItem.class`: the swarms that could take an item of that class now, in the order of `hybrid`, `CUSTOM_POLICY_CANDIDATES` at most. */
  readonly candidates: readonly (readonly RoutingCandidate[])[];
}

export interface RoutingItem {
  /** The id of the task, or of the route request. */
  readonly key: string;
  readonly attempt: number;
  readonly namespace: string;
  readonly type: string;
  readonly requirements: Requirements;
  /** What the task wishes beside what it requires. */
  readonly routing?: Routing;
  /** Index into `RoutingBatch.candidates`: items with the same one ask for the same. */
  readonly class: number;
  /** How long it is said to take, in milliseconds. */
  readonly estimateMs?: number;
  /** Until it must have ended, in milliseconds; negative where that is past. */
  readonly dueInMs?: number;
  /** Swarms on which earlier attempts failed. */
  readonly avoid: readonly string[];
}

/** One swarm as the load-balancer sees it, before any item of the batch is placed. */
export interface RoutingCandidate extends Readonly<SwarmProfile> {
  readonly busySlots: number;
  readonly freeSlots: number;
  /** Busy share of its slots, 0 to 1. */
  readonly load: number;
  /** USD. */
  readonly costPerSlotHour: number;
  readonly resourcesLeft: Readonly<Resources>;
  /** Age of its last heartbeat, in milliseconds. */
  readonly stalenessMs: number;
  /** Recent latency of its attempts, in milliseconds, where it is measured. */
  readonly latencyMs?: number;
  /** What was learned of this type of work on swarms of its class, where there is something. */
  readonly learned?: RoutingEstimate;
}

export interface RoutingEstimate {
  /** Share of attempts that succeed, 0 to 1. */
  readonly successRate: number;
  /** Duration of an attempt that succeeds, in milliseconds. */
  readonly meanMs: number;
  readonly medianMs: number;
  /** 90th percentile of it. */
  readonly p90Ms: number;
  /** On how many attempts it stands; one that is a half-life old counts half. */
  readonly samples: number;
}

/** The policies that there are, and who has chosen which: a request before its type, before its namespace, before `active`. */
export const PolicyTable = z.object({
  active: z.string().describe('where nobody has chosen another one: LOAD_BALANCING_ALGORITHM'),
  available: z.array(z.string()).describe('names of the policies of this build'),
  items: z.array(z.object({ name: z.string(), summary: z.string() })),
  custom: z.array(CustomPolicyStatus).describe("users' own, CUSTOM_POLICIES"),
  namespaces: z.array(
    NamespaceRouting.pick({ policy: true, policies: true }).extend({ namespace: Namespace }),
  ),
});
export type PolicyTable = z.infer<typeof PolicyTable>;
