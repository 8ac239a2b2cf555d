import { asMultiswarmError } from '@multiswarm/contracts';
import { backoffMs, delay, type Backoff, type Clock, type Random } from '@multiswarm/core';
import { stayAlive } from '../stay-alive';

export interface RetryOptions {
  clock: Clock;
  random: Random;
  /** From the first try on; the last error is thrown when it is over. */
  forMs: number;
  signal?: AbortSignal | undefined;
}

const BACKOFF: Backoff = { initialMs: 100, factor: 2, maxMs: 2_000, jitter: 0.3 };

/** Tries again, with growing pauses, as long as the error is one that passes. */
export async function withRetry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, random, forMs, signal } = options;
  const giveUpAt = clock.monotonic() + forMs;
  const release = stayAlive();
  try {
    for (let failures = 1; ; failures++) {
      signal?.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        if (signal?.aborted && error === signal.reason) throw error;
        const pauseMs = backoffMs(BACKOFF, failures, random);
        if (!asMultiswarmError(error).retryable || clock.monotonic() + pauseMs > giveUpAt) throw error;
        await delay(clock, pauseMs, signal);
      }
    }
  } finally {
    release();
  }
}

/** The promise, or the reason of the signal as soon as it is aborted. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return signal ? abortedBy(promise, signal) : promise;
}

async function abortedBy<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
