import { delay } from '@multiswarm/core';
import { EXIT } from '../faults';
import type { Io } from '../io';
import { onNpmGone } from '../processes/npm-parent';
import type { RunningStack } from './running-stack';

export interface Outcome {
  exit: number;
  /** Keep everything running until somebody ends it. */
  stay: boolean;
}

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
  const stopWatching = onNpmGone(io, () => told.abort());
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
