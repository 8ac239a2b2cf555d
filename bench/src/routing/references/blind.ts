import { randomInteger } from '@multiswarm/core';
import type { Routing } from '../routing';

/** Every replica goes round on its own; each host's turn comes as often, whatever it can do. */
export const roundRobin: Routing = {
  name: 'round-robin, early',
  binding: 'early',
  start: ({ hosts, replicas, random }) => {
    const turns = Array.from({ length: replicas }, () => randomInteger(random, hosts.length));
    return {
      place: (replica) => {
        const turn = turns[replica] ?? 0;
        turns[replica] = (turn + 1) % hosts.length;
        return turn;
      },
    };
  },
};

export const anyHost: Routing = {
  name: 'random, early',
  binding: 'early',
  start: ({ hosts, random }) => ({ place: () => randomInteger(random, hosts.length) }),
};
