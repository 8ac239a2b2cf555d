import { CUSTOM_POLICY } from '@multiswarm/contracts';
import type { Settings } from '@multiswarm/service';
import type { HealthSettings } from './domain/health/health-settings';
import { policyByName } from './domain/policies';

export interface LoadBalancerConfig {
  natsUrl: string;
  redisUrl: string;
  /** The name of a policy of this build, or `custom:name`. */
  policy: string;
  reservationHoldMs: number;
  health: HealthSettings;
  decisionsKept: number;
  replaysKept: number;
  responseTimeThresholdMs: number;
  /** Path of a file with latencies; empty where there is none. */
  regionLatencies: string;
  learningHalfLifeMs: number;
  customPolicies: { name: string; path: string }[];
  customPolicyLimitMs: number;
  /** Of an external endpoint that does not say how many it has. */
  defaultSlots: number;
}

/** What the load-balancer takes from the settings, which are validated already. */
export function loadBalancerConfig(settings: Settings): LoadBalancerConfig {
  return {
    natsUrl: settings.NATS_URL,
    redisUrl: settings.REDIS_URL,
    policy: settings.LOAD_BALANCING_ALGORITHM.startsWith(CUSTOM_POLICY)
      ? settings.LOAD_BALANCING_ALGORITHM
      : policyByName(settings.LOAD_BALANCING_ALGORITHM).name,
    reservationHoldMs: settings.RESERVATION_HOLD_MS,
    health: {
      failuresInRow: settings.HEALTH_FAILURES_IN_ROW,
      leastSuccess: settings.HEALTH_LEAST_SUCCESS,
      mostEjected: settings.HEALTH_MOST_EJECTED,
      slowStartMs: settings.HEALTH_SLOW_START_MS,
      panicBelow: settings.HEALTH_PANIC_BELOW,
    },
    decisionsKept: settings.DECISIONS_KEPT,
    replaysKept: settings.REPLAYS_KEPT,
    responseTimeThresholdMs: settings.RESPONSE_TIME_THRESHOLD_MS,
    regionLatencies: settings.REGION_LATENCIES,
    learningHalfLifeMs: settings.LEARNING_HALF_LIFE_MS,
    customPolicies: settings.CUSTOM_POLICIES.map((given) => {
      const [name = '', ...path] = given.split('=');
      return { name, path: path.join('=') };
    }),
    customPolicyLimitMs: settings.CUSTOM_POLICY_LIMIT_MS,
    defaultSlots: settings.DEFAULT_SWARM_CAPACITY,
  };
}
