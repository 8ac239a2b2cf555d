import { paceAt } from '../paces';
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
    const { columns } = view;
    const nowMs = aids.now.monotonicMs;
    return rankDraws(
      view,
      aids,
      DRAWS,
      (index) => (IDLE_SHARE + columns.loadAt(index)) * Math.exp(paceAt(columns, index, nowMs)),
    );
  },
  because: (ranked, counts) => {
    const only = onlyOne(ranked, counts);
    const [chosen, next] = ranked;
    if (only !== undefined || chosen === undefined || next === undefined) return only ?? '';
    const load = `${Math.round(chosen.load * 100)}% busy`;
    return `least busy for its speed, of ${ranked.length} drawn from ${counts.free} with a free slot: ${load}`;
  },
};
