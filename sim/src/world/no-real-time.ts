/** A timer that keeps the process alive and measures no time; see stayAlive in libs/sdk. */
const KEEPS_ALIVE_MS = 2 ** 31 - 1;

/**
 * While a simulation runs, nothing may use the time, the timers or the chance of this process: the run could not be repeated.
 * Whoever does so all the same gets an error that says so. @returns puts everything back
 */
export function forbidRealTime(): () => void {
  const { setTimeout, setInterval, setImmediate } = globalThis;
  const { now } = Date;
  const { random } = Math;
  const forbidden = (what: string) => (): never => {
    throw new Error(
      `${what} was used in a simulation: take the clock or the random numbers that are injected`,
    );
  };
  Object.assign(globalThis, {
    setTimeout: forbidden('setTimeout'),
    setImmediate: forbidden('setImmediate'),
    setInterval: (_run: unknown, ms: number) =>
      ms === KEEPS_ALIVE_MS ? undefined : forbidden('setInterval')(),
  });
  Date.now = forbidden('Date.now');
  Math.random = forbidden('Math.random');
  return () => {
    Object.assign(globalThis, { setTimeout, setInterval, setImmediate });
    Date.now = now;
    Math.random = random;
  };
}
