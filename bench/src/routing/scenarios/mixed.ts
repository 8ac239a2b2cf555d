import { alike, mixedSlots, mixedSpeeds, priced } from '../fleets';
import { undisturbed, type Scenario } from '../scenario';
import { lognormal } from '../world/distributions';
import type { HostSpec } from '../world/host';

/** Fleets whose hosts differ, at four fifths of what they can do together: in slots, in speed, in speed and price. */
export function mixedFleets(requests: number): Scenario[] {
  return [
    mixed('mixed-slots', mixedSlots(100), requests),
    mixed('mixed-speeds', mixedSpeeds(100, 4), requests),
    mixed('priced', priced(99, 4), requests),
    { ...mixed('one-replica', alike(100, 4), requests), replicas: 1 },
    { ...mixed('sixteen-replicas', alike(100, 4), requests), replicas: 16, reportEveryS: 2 },
  ];
}

function mixed(name: string, hosts: readonly HostSpec[], requests: number): Scenario {
  return {
    ...{ name, hosts, service: lognormal(1.2), meanServiceS: 1, warmUpShare: 0.1 },
    capacityCores: hosts.reduce((sum, { cores, speed }) => sum + cores * speed, 0),
    phases: [{ name: 'load 0.8', load: 0.8, requests }],
    ...{ replicas: 8, reportEveryS: 0.5, hopS: 0.002, deadlineS: Infinity, disturbances: undisturbed },
  };
}
