import { delay, every } from '@multiswarm/core';
import { EXIT } from '../faults';
import type { Io } from '../io';
import type { RunningStack } from './running-stack';

export interface Outcome {
  exit: number;
  /** Keep everything running until somebody ends it. */
  stay: boolean;
}

const PARENT_POLL_MS = 500;
const FOREVER_MS = 2 ** 30;

/**
 * Runs `work` with the stack and ends the stack in order, whatever happens: `work` is done, it failed, or a signal came.
 * A second signal kills everything at once.
 */
export async function untilToldToEnd(
  io: Io,
  stack: RunningStack,
  work: (signal: AbortSignal) => Promise<Outcome>,
): Promise<number> {
  const told = new AbortController();
  const stopListening = io.onInterrupt(() => {
    if (told.signal.aborted) stack.kill();
    else {
      io.stderr.write('\nending swarms, services, Redis, NATS (once more: at once)\n');
      told.abort();
    }
  });
  const stopWatching = watchNpm(io, () => told.abort());
  try {
    return await outcomeOf(io, told.signal, work);
  } finally {
    await stack.stop();
    stopWatching();
    stopListening();
  }
}

async function outcomeOf(
  io: Io,
  told: AbortSignal,
  work: (signal: AbortSignal) => Promise<Outcome>,
): Promise<number> {
  const working = work(told);
  const interrupted = untilAborted(io, told).then(() => undefined);
  const outcome = await Promise.race([working, interrupted]);
  if (outcome === undefined) {
    // What it still throws is only that it was cut short.
    working.catch(() => undefined);
    return EXIT.interrupted;
  }
  if (outcome.stay) await interrupted;
  return outcome.exit;
}

async function untilAborted(io: Io, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await delay(io.clock, FOREVER_MS, signal).catch(() => undefined);
}

/**
 * npm hands SIGTERM to a shell that dies of it and leaves us without a parent, and without a signal.
 * Under npm, a lost parent therefore means: end.
 */
function watchNpm(io: Io, onLost: () => void): () => void {
  if (io.env['npm_lifecycle_event'] === undefined) return () => undefined;
  const parent = process.ppid;
  return every(io.clock, PARENT_POLL_MS, () => {
    if (process.ppid !== parent) onLost();
  });
}
