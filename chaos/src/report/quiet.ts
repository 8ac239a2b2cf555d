/**
 * The longest time without any of these moments, from `from` on. What begins before `until` counts to its end.
 * @param times sorted
 */
export function longestQuietMs(times: readonly number[], from: number, until: number): number {
  let last = from;
  let longest = 0;
  for (const time of times) {
    if (time <= from) continue;
    longest = Math.max(longest, time - last);
    last = time;
    if (time >= until) return longest;
  }
  return Math.max(longest, until - last);
}
