/**
 * The best `count` (1 or more) of `items`, best first, in one pass: cheaper than sorting, because only a few are looked
 * at. Of equals, the earlier one stays ahead.
 */
export function topOf<T>(items: readonly T[], count: number, compare: (a: T, b: T) => number): T[] {
  const best: T[] = [];
  for (const item of items) {
    let at = best.length;
    if (at < count) best.push(item);
    // Indices below `at` exist: they are below the length of `best`.
    else if (compare(item, best[(at -= 1)] as T) >= 0) continue;
    for (; at > 0 && compare(item, best[at - 1] as T) < 0; at -= 1) best[at] = best[at - 1] as T;
    best[at] = item;
  }
  return best;
}
