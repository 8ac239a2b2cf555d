const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/**
 * Keeps the process running until the returned function is called. The timers of `Clock` do not, so a client that waits
 * for its next try, with no connection open, would end the program in the middle of an `await`.
 */
export function stayAlive(): () => void {
  // eslint-disable-next-line no-restricted-globals -- it measures no time: its reference alone matters
  const reference = setInterval(() => undefined, LONGEST_INTERVAL_MS);
  return () => clearInterval(reference);
}
