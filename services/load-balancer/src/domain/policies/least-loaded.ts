import { byLoad } from '../engine/order';
import { RANKED } from './aids';
import type { Policy } from './policy';
import { onlyOne } from './only-one';

/**
 * The lowest share of busy slots, then the cheapest slot-hour, then whoever was chosen longest ago: equals take turns,
 * so that the same fleet and the same work always give the same placements.
 */
export const leastLoaded: Policy = {
  name: 'least-loaded',
  summary: 'the lowest share of busy slots; of equals the cheapest, then whoever was chosen longest ago',
  rank: (view, _item, { ranked, scores }) => {
    const found = view.top(byLoad, RANKED, ranked);
    for (let at = 0; at < found; at += 1) scores[at] = view.columns.loadAt(ranked[at] as number);
    return found;
  },
  because: (ranked, counts) => {
    const only = onlyOne(ranked, counts);
    const [chosen, next] = ranked;
    if (only !== undefined || chosen === undefined || next === undefined) return only ?? '';
    const load = `${Math.round(chosen.load * 100)}% busy`;
    if (chosen.load !== next.load) return `least loaded of ${counts.free} with a free slot: ${load}`;
    const cost = `$${round(chosen.costPerSlotHour)} per slot-hour`;
    if (chosen.costPerSlotHour !== next.costPerSlotHour)
      return `cheapest of the least loaded: ${cost}, ${load}`;
    return `its turn among equals: ${load}, ${cost}`;
  },
};

function round(usd: number): number {
  return Number(usd.toPrecision(3));
}
