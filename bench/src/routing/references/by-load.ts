import { randomInteger, type Random } from '@multiswarm/core';
import type { Routing, World } from '../routing';
import { StaleView } from './stale-view';

/** The shortest of all queues, as the replica believes them to be; ties at random. */
export const joinShortestQueue = byLoad('join-shortest-queue', ({ hosts, random }, view) => (replica) => {
  return leastOf(hosts.length, random, (host) => view.held(replica, host) / slots(hosts[host]));
});

/** Join-idle-queue (Lu et al., 2011): any host with a free slot, else any host. */
export const joinIdleQueue = byLoad('join-idle-queue', ({ hosts, random }, view) => (replica) => {
  const start = randomInteger(random, hosts.length);
  for (let step = 0; step < hosts.length; step += 1) {
    const host = (start + step) % hosts.length;
    if (view.held(replica, host) < slots(hosts[host])) return host;
  }
  return start;
});

/** The less loaded of two that are drawn at random (Mitzenmacher, 2001). */
export const twoChoices = byLoad('p2c', ({ hosts, random }, view) => (replica) => {
  const [one, other] = twoOf(random, hosts.length);
  const load = (host: number): number => view.held(replica, host) / slots(hosts[host]);
  return load(other) < load(one) ? other : one;
});

/** Two different hosts at random; the same one twice where there is only one. */
export function twoOf(random: Random, hosts: number): [number, number] {
  const one = randomInteger(random, hosts);
  const step = hosts > 1 ? 1 + randomInteger(random, hosts - 1) : 0;
  return [one, (one + step) % hosts];
}

const slots = (host: World['hosts'][number] | undefined): number => host?.spec.slots ?? 1;

function byLoad(
  name: string,
  chooser: (world: World, view: StaleView) => (replica: number) => number,
): Routing {
  return {
    name,
    binding: 'early',
    start: (world) => {
      const view = new StaleView(world);
      const choose = chooser(world, view);
      return {
        place: (replica) => {
          const host = choose(replica);
          view.sent(replica, host);
          return host;
        },
        ended: (job) => view.ended(job),
        reported: (host) => view.reported(host),
      };
    },
  };
}

function leastOf(hosts: number, random: Random, score: (host: number) => number): number {
  const start = randomInteger(random, hosts);
  let best = start;
  let least = Infinity;
  for (let step = 0; step < hosts; step += 1) {
    const host = (start + step) % hosts;
    const scored = score(host);
    if (scored >= least) continue;
    least = scored;
    best = host;
  }
  return best;
}
