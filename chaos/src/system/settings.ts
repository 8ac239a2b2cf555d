const ON_THIS_MACHINE = { LOG_LEVEL: 'info', LOG_FORMAT: 'json', HOST: '127.0.0.1' } as const;

/** How the system under test is set up. */
export interface SystemSettings {
  readonly services: Readonly<Record<string, string>>;
  readonly swarmHeartbeatMs: number;
  /** How long a swarm that is told to end lets its agents go on. */
  readonly swarmDrainMs: number;
}

/**
 * Time limits of the system under test, shorter than those of a deployment, so that leases end and regions are given up within
 * faults of some seconds. The faults are chosen to last both less and more than these.
 */
const SHORT_TIMES = {
  SHARD_LEASE_MS: '2500',
  SHARD_LEASE_RENEW_MS: '500',
  ATTEMPT_LEASE_MS: '4000',
  HEARTBEAT_MS: '500',
  REGION_TIMEOUT_MS: '6000',
  RESERVATION_HOLD_MS: '5000',
} as const;

/** For faults of some seconds. */
export const HURRIED: SystemSettings = {
  services: { ...SHORT_TIMES, ...ON_THIS_MACHINE },
  swarmHeartbeatMs: 700,
  swarmDrainMs: 0,
};

/** As it is shipped. */
export const SHIPPED: SystemSettings = {
  services: ON_THIS_MACHINE,
  swarmHeartbeatMs: 2_000,
  swarmDrainMs: 20_000,
};

/** As shipped. */
export const SHARDS = 16;

/** The third region has a NATS server of its own, a leaf of that in the middle, and a coordinator of its own. */
export const REGIONS = { near: 'us-east', far: 'eu-west', leaf: 'ap-south' } as const;

export interface SwarmPlan {
  readonly id: string;
  readonly region: string;
  readonly slots: number;
}

export const SWARMS: readonly SwarmPlan[] = [
  { id: 'us-east-1', region: REGIONS.near, slots: 8 },
  { id: 'us-east-2', region: REGIONS.near, slots: 8 },
  { id: 'eu-west-1', region: REGIONS.far, slots: 8 },
  { id: 'ap-south-1', region: REGIONS.leaf, slots: 8 },
];

export const ORCHESTRATORS = ['orchestrator-1', 'orchestrator-2', 'orchestrator-3'] as const;
export const LEAF_ORCHESTRATOR = 'orchestrator-ap-south';
export const BALANCERS = ['load-balancer-1', 'load-balancer-2'] as const;
export const COMMUNICATORS = ['communicator-1', 'communicator-2'] as const;
