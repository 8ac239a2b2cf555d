export type Cancel = () => void;

/** The only source of time. Everything that needs time is given one of these, so that tests and simulations own it. */
export interface Clock {
  /** Wall clock, epoch milliseconds: for records that people read. May jump. */
  now(): number;
  /** Milliseconds that never go back: for leases, timeouts and durations. */
  monotonic(): number;
  /** Calls `fn` once after `ms`. The timer does not keep the process alive. */
  after(ms: number, fn: () => void): Cancel;
  /** Calls `fn` in the next turn of the event loop: after everything that this turn still brings. */
  soon(fn: () => void): void;
}

/** A timer of Node.js holds at most 2^31-1 ms; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
  soon: (fn) => void setImmediate(fn),
};

/** Calls `fn` every `ms`, the next time only after the previous one (awaited) has ended. */
export function every(clock: Clock, ms: number, fn: () => void | Promise<void>): Cancel {
  let stopped = false;
  let cancel: Cancel = () => undefined;
  const arm = (): void => {
    if (stopped) return;
    cancel = clock.after(ms, () => {
      void Promise.resolve(fn()).finally(arm);
    });
  };
  arm();
  return () => {
    stopped = true;
    cancel();
  };
}

/** A promise for the passing of `ms`; rejects with the signal's reason when aborted. */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
