import type { Graph } from '../graph';

/**
 * Of each step the last one that all ways to it lead through; undefined where there is none. (K. D. Cooper, T. J. Harvey and
 * K. Kennedy, "A simple, fast dominance algorithm", 2001; a graph without cycles needs one pass.)
 */
export function dominatorsOf({ before, order }: Graph): (number | undefined)[] {
  const place: number[] = [];
  order.forEach((index, at) => (place[index] = at));
  const dominators: (number | undefined)[] = before.map(() => undefined);
  const meet = (a: number | undefined, b: number | undefined): number | undefined => {
    let [left, right] = [a, b];
    while (left !== right) {
      if (left === undefined || right === undefined) return undefined;
      if ((place[left] ?? 0) > (place[right] ?? 0)) left = dominators[left];
      else right = dominators[right];
    }
    return left;
  };
  for (const index of order) {
    const [first, ...others] = before[index] ?? [];
    dominators[index] = others.reduce<number | undefined>(meet, first);
  }
  return dominators;
}
