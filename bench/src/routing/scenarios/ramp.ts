import { antagonists, onSharedMachines } from '../fleets';
import type { Scenario } from '../scenario';
import { truncatedNormal } from '../world/distributions';

/** Steps of the load ramp in Prequal's evaluation, each 10/9 of the one before, as shares of what the hosts are entitled to. */
export const RAMP_LOADS = [0.75, 0.83, 0.93, 1.03, 1.14, 1.27, 1.41, 1.57, 1.74] as const;

export const RAMP_CLIENTS = 100;
const HOSTS = 100;
const ENTITLED_CORES = 4;

/**
 * The load ramp of Prequal's evaluation (Wydrowski et al., NSDI 2024): 100 clients, 100 hosts that share their machines with
 * antagonists, a deadline of 5 s. The paper's machines are not public; these have 4 cores each that are theirs and up to four
 * times that where the neighbours leave it, one in five is contended at any time, and a request takes 80 ms of a core.
 */
export function ramp(requestsPerStep: number): Scenario {
  const hosts = onSharedMachines(HOSTS, ENTITLED_CORES, 4 * ENTITLED_CORES);
  return {
    name: 'ramp',
    hosts,
    service: truncatedNormal,
    meanServiceS: 0.08,
    capacityCores: HOSTS * ENTITLED_CORES,
    phases: RAMP_LOADS.map((load) => ({ name: `load ${load}`, load, requests: requestsPerStep })),
    warmUpShare: 0.1,
    replicas: 8,
    reportEveryS: 0.5,
    hopS: 0.002,
    deadlineS: 5,
    disturbances: antagonists(hosts, {
      contendedShare: 0.2,
      contended: [0.8, 1],
      spare: [1.5, 4],
      changeEveryS: 15,
    }),
  };
}
