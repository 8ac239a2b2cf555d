import { rankDraws } from './draws';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

const DRAWS = 2;

/**
 * The less loaded of two drawn at random: nearly as even as a look at everybody, and calm where views are late (Mitzenmacher, IEEE
 * Transactions on Parallel and Distributed Systems 2001).
 */
export const powerOfTwo: Policy = {
  name: 'power-of-two',
  summary: 'the less busy of two at random',
  rank: (view, _item, aids) => rankDraws(view, aids, DRAWS, (index) => view.columns.loadAt(index)),
  because: (ranked, counts) => onlyOne(ranked, counts) ?? 'less busy of two drawn at random',
};
