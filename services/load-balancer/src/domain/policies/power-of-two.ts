import { rankDraws, type Score } from './draws';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

const DRAWS = 2;

const load: Score = (index, columns) => columns.loadAt(index);

/**
 * The less loaded of two drawn at random: nearly as even as a look at everybody, and calm where views are late (Mitzenmacher, IEEE
 * Transactions on Parallel and Distributed Systems 2001).
 */
export const powerOfTwo: Policy = {
  name: 'power-of-two',
  summary: 'the less busy of two at random',
  rank: (view, _item, aids) => rankDraws(view, aids, DRAWS, load),
  because: (ranked, counts) => onlyOne(ranked, counts) ?? 'less busy of two drawn at random',
};
