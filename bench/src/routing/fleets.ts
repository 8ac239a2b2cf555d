import type { Random } from '@multiswarm/core';
import type { Disturbance } from './scenario';
import { exponential } from './world/distributions';
import type { HostSpec, Mode } from './world/host';

/** Fleets to route over: what hosts there are, and what happens to them. */

/** So many hosts alike; each slot has a core of its own. */
export function alike(count: number, slots: number): HostSpec[] {
  return Array.from({ length: count }, () => host({ slots }));
}

/** Slot counts of 1, 2, 4 and 8 in turns: small hosts fill and empty in jumps. */
export function mixedSlots(count: number): HostSpec[] {
  return Array.from({ length: count }, (_, index) => host({ slots: 2 ** (index % 4) }));
}

/** A quarter at half speed, half at speed 1, a quarter at double speed. */
export function mixedSpeeds(count: number, slots: number): HostSpec[] {
  const speeds = [0.5, 1, 1, 2];
  return Array.from({ length: count }, (_, index) => {
    const speed = speeds[index % speeds.length] ?? 1;
    return host({ slots, speed, kind: `speed-${speed}` });
  });
}

/** GPU, CPU and edge hosts: a slot of the first is fast and dear, one of the last slow and cheap. Prices per slot-hour. */
export function priced(count: number, slots: number): HostSpec[] {
  const kinds = [
    { kind: 'gpu', speed: 2, pricePerSlotHour: 4 },
    { kind: 'cpu', speed: 1, pricePerSlotHour: 1 },
    { kind: 'edge', speed: 0.5, pricePerSlotHour: 0.25 },
  ];
  return Array.from({ length: count }, (_, index) => host({ slots, ...kinds[index % kinds.length] }));
}

/** Hosts that are entitled to some cores of a larger machine, and may use what its other tenants leave. */
export function onSharedMachines(count: number, entitledCores: number, slots: number): HostSpec[] {
  return Array.from({ length: count }, () => host({ slots, cores: entitledCores, lanes: Infinity }));
}

function host({ slots, ...rest }: Partial<HostSpec> & { slots: number }): HostSpec {
  return { slots, cores: slots, lanes: slots, speed: 1, pricePerSlotHour: 1, kind: 'any', ...rest };
}

export interface Antagonists {
  /** Share of the machines, at any time, whose tenants take all that they can. */
  contendedShare: number;
  /** What is left then, and else, as multiples of what the host is entitled to: anywhere between the two, evenly. */
  contended: readonly [number, number];
  spare: readonly [number, number];
  /** Mean time until the other tenants of a machine change what they do. */
  changeEveryS: number;
}

/** Noisy neighbours, as in the evaluation of Prequal (NSDI 2024): they leave each host more or less, for stretches of time. */
export function antagonists(hosts: readonly HostSpec[], of: Antagonists) {
  return (random: Random, untilS: number): Disturbance[] => {
    const disturbances: Disturbance[] = [];
    for (const [index, { cores }] of hosts.entries()) {
      for (let atS = 0; atS < untilS; atS += exponential.draw(random) * of.changeEveryS) {
        const [from, to] = random.next() < of.contendedShare ? of.contended : of.spare;
        const share = from + (to - from) * random.next();
        disturbances.push({ atS, host: index, change: { cores: cores * share } });
      }
    }
    return disturbances.sort((a, b) => a.atS - b.atS);
  };
}

export interface Trouble {
  name: string;
  /** Share of the hosts; each has one trouble at most. */
  share: number;
  change: { speed?: number; mode?: Mode };
}

/** Some hosts fall into trouble at once and come out of it at once. */
export function troubles(hosts: readonly HostSpec[], all: readonly Trouble[], fromS: number, toS: number) {
  return (): Disturbance[] => {
    const stricken = strickenHosts(hosts.length, all);
    const start = stricken.map(({ host, change }) => ({ atS: fromS, host, change }));
    const end = stricken.map(({ host }) => {
      const change = { speed: hosts[host]?.speed ?? 1, mode: 'well' as const };
      return { atS: toS, host, change };
    });
    return [...start, ...end];
  };
}

/** Which host has which trouble: spread evenly over the fleet, and the same for every seed. */
export function strickenHosts(
  hosts: number,
  all: readonly Trouble[],
): (Pick<Trouble, 'name' | 'change'> & { host: number })[] {
  const total = all.reduce((sum, { share }) => sum + Math.round(share * hosts), 0);
  const step = hosts / total;
  const stricken = all.flatMap(({ share, name, change }) =>
    Array.from({ length: Math.round(share * hosts) }, () => ({ name, change })),
  );
  return stricken.map((trouble, at) => ({ ...trouble, host: Math.floor(at * step) }));
}
