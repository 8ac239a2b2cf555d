import type { Candidate, Policy } from './policy';
import { topOf } from './top-of';

/**
 * The lowest share of busy slots, then the cheapest slot-hour, then whoever was chosen longest ago: equals take turns,
 * so that the same fleet and the same work always give the same placements.
 */
export const leastLoaded: Policy = {
  name: 'least-loaded',
  rank: (candidates, { top }) => topOf(candidates, top, compare),
  order: compare,
  because: ([chosen, next], { known, feasible, free }) => {
    if (chosen === undefined) return 'there was no candidate';
    if (feasible === 1)
      return known === 1 ? 'the only swarm' : `the only one of ${known} swarms that can run it`;
    if (next === undefined) return `the only one of ${feasible} with a free slot`;
    const load = `${Math.round(chosen.load * 100)}% busy`;
    if (chosen.load !== next.load) return `least loaded of ${free} with a free slot: ${load}`;
    const cost = `$${round(chosen.costPerSlotHour)} per slot-hour`;
    if (chosen.costPerSlotHour !== next.costPerSlotHour)
      return `cheapest of the least loaded: ${cost}, ${load}`;
    return `its turn among equals: ${load}, ${cost}`;
  },
};

function compare(a: Candidate, b: Candidate): number {
  return a.load - b.load || a.costPerSlotHour - b.costPerSlotHour || a.lastTurn - b.lastTurn;
}

function round(usd: number): number {
  return Number(usd.toPrecision(3));
}
