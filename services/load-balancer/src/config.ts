import type { Settings } from '@multiswarm/service';
import { policyByName, type Policy } from './domain/policies';

export interface LoadBalancerConfig {
  natsUrl: string;
  policy: Policy;
  reservationHoldMs: number;
}

/** What the load-balancer takes from the settings, which are validated already. */
export function loadBalancerConfig(settings: Settings): LoadBalancerConfig {
  return {
    natsUrl: settings.NATS_URL,
    policy: policyByName(settings.LOAD_BALANCING_ALGORITHM),
    reservationHoldMs: settings.RESERVATION_HOLD_MS,
  };
}
