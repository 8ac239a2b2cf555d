import { byTurn } from '../engine/order';
import { RANKED } from './aids';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

/** Everybody with room in turn, whatever they cost and however busy they are: whoever was chosen longest ago. */
export const roundRobin: Policy = {
  name: 'round-robin',
  summary: 'everybody with a free slot in turn',
  rank: (view, _item, { ranked, scores }) => {
    const found = view.top(byTurn, RANKED, ranked);
    for (let at = 0; at < found; at += 1) scores[at] = view.columns.turn[ranked[at] as number] as number;
    return found;
  },
  because: (ranked, counts) => onlyOne(ranked, counts) ?? `its turn among ${counts.free} with a free slot`,
};
