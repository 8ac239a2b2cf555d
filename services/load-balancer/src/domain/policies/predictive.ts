import { paceAt } from '../paces';
import { rankDraws } from './draws';
import { expectedMs } from './knowledge';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

const DRAWS = 4;
/** Where nothing is known of a type, classes differ only by how fast their swarms are at present, ms. */
const ASSUMED_MS = 1_000;

/**
 * The earliest expected end: what the type is known to take on the class, times how fast the endpoint works at present. A view has
 * only who has a free slot, so nobody waits in front; of four drawn at random.
 */
export const predictive: Policy = {
  name: 'predictive',
  summary: 'the earliest expected end, from learned durations and how fast each one works at present',
  rank: (view, item, aids) => {
    const { columns } = view;
    const otherwise = item.estimateMs ?? ASSUMED_MS;
    return rankDraws(view, aids, DRAWS, (index) => {
      const swarmClass = columns.swarmClass[index] as number;
      const usual = expectedMs(columns, aids, item, swarmClass, 'meanMs') ?? otherwise;
      return usual * Math.exp(paceAt(columns, index, aids.now.monotonicMs)) * (1 + columns.loadAt(index));
    });
  },
  because: (ranked, counts) => onlyOne(ranked, counts) ?? 'earliest expected end of those drawn at random',
};
