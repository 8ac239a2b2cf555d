import type { Settings } from '@multiswarm/service';
import { policyByName, type Policy } from './domain/policies';

export interface LoadBalancerConfig {
  natsUrl: string;
  redisUrl: string;
  policy: Policy;
  reservationHoldMs: number;
  decisionsKept: number;
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
    policy: policyByName(settings.LOAD_BALANCING_ALGORITHM),
    reservationHoldMs: settings.RESERVATION_HOLD_MS,
    decisionsKept: settings.DECISIONS_KEPT,
    customPolicies: settings.CUSTOM_POLICIES.map((given) => {
      const [name = '', ...path] = given.split('=');
      return { name, path: path.join('=') };
    }),
    customPolicyLimitMs: settings.CUSTOM_POLICY_LIMIT_MS,
    defaultSlots: settings.DEFAULT_SWARM_CAPACITY,
  };
}
