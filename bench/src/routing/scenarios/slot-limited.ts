import { alike } from '../fleets';
import { undisturbed, type Scenario } from '../scenario';
import { boundedPareto } from '../world/distributions';

/**
 * Swarms whose slots are all there is: 100 with 4 each, nine tenths busy, with work whose tail is heavy. Eight balancers hear of
 * each swarm twice a second, which is half of the mean service time.
 */
export function slotLimited(requests: number): Scenario {
  return {
    name: 'slot-limited',
    hosts: alike(100, 4),
    service: boundedPareto(1.5, 10_000),
    meanServiceS: 1,
    capacityCores: 400,
    phases: [{ name: 'load 0.9', load: 0.9, requests }],
    warmUpShare: 0.1,
    replicas: 8,
    reportEveryS: 0.5,
    hopS: 0.002,
    deadlineS: Infinity,
    disturbances: undisturbed,
  };
}
