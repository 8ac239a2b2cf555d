import { randomInteger } from '@multiswarm/core';
import type { Columns } from '../engine/columns';
import { tieBreak } from '../engine/group';
import type { View } from '../engine/view';
import type { Aids } from './aids';

/** Smaller is better. Best a function that is made once, not anew for each decision. */
export type Score = (index: number, columns: Columns, aids: Aids) => number;

/**
 * Draws some of a view at random, all where there are no more, and writes them into `aids.ranked`, the best first. A few choices at
 * random are nearly as good as a look at everybody (Mitzenmacher, IEEE Transactions on Parallel and Distributed Systems 2001), and
 * replicas whose views are late do not all send to the same endpoint.
 * @returns how many are ranked: at least one
 */
export function rankDraws(view: View, aids: Aids, draws: number, score: Score): number {
  const { count, columns } = view;
  const { ranked, scores, random } = aids;
  const most = Math.min(draws, ranked.length);
  let found = 0;
  for (let draw = 0; draw < Math.min(most, count); draw += 1) {
    const index = view.at(count <= most ? draw : randomInteger(random, count));
    if (holds(ranked, found, index)) continue;
    const scored = score(index, columns, aids);
    let at = found;
    for (; at > 0; at -= 1) {
      const other = scores[at - 1] as number;
      const isAhead =
        scored < other || (scored === other && tieBreak(columns, index, ranked[at - 1] as number) < 0);
      if (!isAhead) break;
      ranked[at] = ranked[at - 1] as number;
      scores[at] = scores[at - 1] as number;
    }
    ranked[at] = index;
    scores[at] = scored;
    found += 1;
  }
  return found;
}

function holds(ranked: Int32Array, found: number, index: number): boolean {
  for (let at = 0; at < found; at += 1) if (ranked[at] === index) return true;
  return false;
}
