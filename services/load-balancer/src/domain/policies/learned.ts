import { byLoad } from '../engine/order';
import { rankByOrder } from './by-order';
import { keepDrawnClasses } from './knowledge';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

/**
 * Thompson sampling over classes of swarms for each type of work, on success, duration and price; in the classes that the draw
 * prefers, the least loaded. Where nothing is learned, all classes are one.
 */
export const learned: Policy = {
  name: 'learned',
  summary: 'the class of swarms that the type does best on, as far as was learned; in it the least busy',
  rank: (view, item, aids) => {
    keepDrawnClasses(view, item, aids);
    return rankByOrder(view, aids, byLoad);
  },
  because: (ranked, counts) =>
    onlyOne(ranked, counts) ?? 'least busy of the class that a draw from what was learned prefers',
};
