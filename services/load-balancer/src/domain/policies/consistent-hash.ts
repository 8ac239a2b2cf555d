import { randomInteger } from '@multiswarm/core';
import type { Columns } from '../engine/columns';
import type { View } from '../engine/view';
import { hashOf, mixed } from '../hash-of';
import type { Aids } from './aids';
import { HashRing } from './hash-ring';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

/** No endpoint gets more of the keys than this many times the mean load. */
const MOST_OF_MEAN = 1.25;
/** In an idle fleet any load is far above the mean: so much of its slots is anybody's. */
const CALM_LOAD = 0.5;
/** Endpoints whose load stands for that of all. */
const SAMPLE = 8;
/** Steps along the ring: who is further away from its key than this has next to no room left around it. */
const STEPS = 4_096;
/** Endpoints that are compared where the ring leads nowhere: few have room then. */
const COMPARED = 256;

const rings = new WeakMap<Columns, HashRing>();

/**
 * The same endpoint for the same key (`routing.affinity`, else the task), as long as it has room and at most 1.25 times the mean load:
 * consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam, SODA 2018). What it cannot take goes to the next one on
 * the ring. Where few of a large fleet could run it: rendezvous hashing (Thaler and Ravishankar, 1998) over those.
 */
export const consistentHash: Policy = {
  name: 'consistent-hash',
  summary: 'the same one for the same affinity key, as long as it is not much busier than the others',
  rank: (view, { key, routing }, aids) => {
    const hash = hashOf(routing?.affinity ?? key);
    const ring = ringOf(view.columns);
    const most = Math.max(CALM_LOAD, MOST_OF_MEAN * meanLoad(view, aids));
    const isCalm = (index: number): boolean => view.has(index) && view.columns.loadAt(index) <= most;
    const found = ring.from(hash, STEPS, isCalm);
    aids.ranked[0] = found >= 0 ? found : rendezvous(view, hash);
    aids.scores[0] = view.columns.loadAt(aids.ranked[0]);
    return 1;
  },
  because: (ranked, counts) =>
    onlyOne(ranked, counts) ??
    `its key leads there, and it is at most ${MOST_OF_MEAN} times as busy as the mean`,
};

function ringOf(columns: Columns): HashRing {
  let ring = rings.get(columns);
  if (ring === undefined) {
    ring = new HashRing(columns);
    rings.set(columns, ring);
  }
  ring.catchUp();
  return ring;
}

function meanLoad(view: View, { random }: Aids): number {
  let sum = 0;
  for (let draw = 0; draw < SAMPLE; draw += 1)
    sum += view.columns.loadAt(view.at(randomInteger(random, view.count)));
  return sum / SAMPLE;
}

function rendezvous(view: View, hash: number): number {
  let best = -1;
  let most = -1;
  for (let rank = 0; rank < Math.min(COMPARED, view.count); rank += 1) {
    const index = view.at(rank);
    const weight = mixed((view.columns.hash[index] as number) ^ hash) >>> 0;
    if (weight <= most) continue;
    most = weight;
    best = index;
  }
  return best;
}
