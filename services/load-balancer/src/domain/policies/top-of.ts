/**
 * The best `count` of `items`, best first, in one pass: cheaper than sorting, because only a few are looked at.
 * Of equals, the earlier one stays ahead.
 */
export function topOf<T>(items: readonly T[], count: number, compare: (a: T, b: T) => number): T[] {
  const best: T[] = [];
  for (const item of items) {
    const last = best[best.length - 1];
    if (best.length >= count && last !== undefined && compare(item, last) >= 0) continue;
    let at = best.length;
    while (at > 0 && compare(item, best[at - 1] as T) < 0) at -= 1;
    best.splice(at, 0, item);
    if (best.length > count) best.pop();
  }
  return best;
}
