import type { PlaceItem } from '@multiswarm/contracts';
import type { Columns } from '../engine/columns';
import { byLoad } from '../engine/order';
import type { View } from '../engine/view';
import { paceAt } from '../paces';
import type { Aids } from './aids';
import { rankDraws } from './draws';
import { keepDrawnClasses } from './knowledge';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

/** Fewer miss fast endpoints where hosts differ; with many, replicas whose views are late send to the same one. docs/routing.md has the figures. */
const DRAWS = 4;

/** How busy an idle swarm counts: so that one that is slow comes behind one that is not also where both are idle. */
const IDLE_SHARE = 1 / 8;

/**
 * The default: of those that filter, health and place have left, the classes that a draw from what was learned prefers, price
 * included; in them, of four drawn at random, the one with the lowest share of busy slots, times how long attempts take there at
 * present. A slow swarm counts as a busier one, long before anything fails there; of equals the cheapest.
 */
export const hybrid: Policy = {
  name: 'hybrid',
  summary: 'learned class and price first, then the least busy for how fast it works at present',
  rank: (view, item, aids) => {
    keepDrawnClasses(view, item, aids);
    return rankDraws(view, aids, DRAWS, busyness);
  },
  because: (ranked, counts) => {
    const only = onlyOne(ranked, counts);
    const [chosen, next] = ranked;
    if (only !== undefined || chosen === undefined || next === undefined) return only ?? '';
    const load = `${Math.round(chosen.load * 100)}% busy`;
    return `least busy for its speed, of ${ranked.length} drawn from ${counts.free} with a free slot: ${load}`;
  },
};

/**
 * Those whom it would rather choose first, without the draw of four: for whoever wants to see more of them than one.
 * @param most TOP at most
 */
export function preferred(view: View, item: PlaceItem, aids: Aids, most: number): number[] {
  const leastLoaded = leading(view, aids, most);
  keepDrawnClasses(view, item, aids);
  return [...new Set([...leading(view, aids, most), ...leastLoaded])].slice(0, most);
}

function leading(view: View, aids: Aids, most: number): number[] {
  const rows = new Int32Array(most);
  const found = view.top(byLoad, most, rows);
  const busy = (row: number): number => busyness(row, view.columns, aids);
  // Sorting is stable: of equals the order by load counts.
  return [...rows.subarray(0, found)].sort((a, b) => busy(a) - busy(b));
}

/** The smaller the better. */
function busyness(index: number, columns: Columns, { now }: Aids): number {
  const pace = paceAt(columns, index, now.monotonicMs);
  return (IDLE_SHARE + columns.loadAt(index)) * (pace === 0 ? 1 : Math.exp(pace));
}
