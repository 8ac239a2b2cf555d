/** How many more than needed are assumed to be there: a level gives nothing away while 1 / 1.4 = 71 % of it is well. */
export const OVERPROVISIONING = 1.4;
/** What a level that gives its load away keeps, so that it is seen when it is well again. */
export const PROBE_SHARE = 0.02;

/** Swarms that are equally far away. */
export interface Level {
  /** Who could run it, well or not. */
  readonly total: number;
  /** Of those, who is in good health. */
  readonly healthy: number;
  /** Of those, who has room now. */
  readonly open: number;
}

/**
 * Which share of requests each level gets, the nearest first: as much as its health bears, overprovisioned, and what is left
 * goes on to the next one (Envoy's priority levels: each level takes min(1, 1.4 × healthy / total) of what the nearer ones
 * have left; where all together bear less than everything, all get proportionally more). A level without room gets nothing:
 * a free slot goes before a near one. A level that is sick keeps a little, so that its recovery is noticed. Sums up to 1
 * unless nobody has room.
 */
export function spillShares(levels: readonly Level[]): number[] {
  let left = 1;
  const shares = levels.map(({ total, healthy, open }) => {
    if (open === 0 || total === 0) return 0;
    const share = Math.min(left, Math.max(PROBE_SHARE, Math.min(1, (OVERPROVISIONING * healthy) / total)));
    left -= share;
    return share;
  });
  const sum = 1 - left;
  return sum > 0 && sum < 1 ? shares.map((share) => share / sum) : shares;
}

/** The level of a draw from 0 to 1 (excluded); -1 where nobody has room. */
export function levelOf(shares: readonly number[], draw: number): number {
  let passed = 0;
  let last = -1;
  for (const [level, share] of shares.entries()) {
    if (share === 0) continue;
    last = level;
    passed += share;
    if (draw < passed) return level;
  }
  return last;
}
