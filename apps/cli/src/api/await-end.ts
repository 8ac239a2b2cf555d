import { isTerminal, LIMITS } from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import { EXIT, Fault } from '../faults';
import type { Io } from '../io';
import type { HttpApi } from './http-api';

/** How long nobody may answer while something is being waited for: a service that is being restarted is back by then. */
export const PATIENCE_MS = 60_000;
const RETRY_MS = 500;

export interface WaitOptions {
  /** Undefined: for as long as it takes. */
  timeoutMs: number | undefined;
  signal: AbortSignal;
  /** Called when nobody answers, and when somebody does again. */
  onReachable?(reachable: boolean): void;
  /** Why it has not ended yet, for whom it takes too long; what the record itself says comes first. */
  whyWaiting?(): string | undefined;
}

interface Awaited {
  state: string;
  waiting?: { detail: string } | undefined;
}

/**
 * Holds a request for a task or workflow until it has ended, across restarts of the service.
 * Throws exit 6 when the time is over, exit 7 when nobody has answered for a minute.
 */
export async function awaitEnd<T extends Awaited>(
  api: HttpApi,
  path: string,
  io: Io,
  options: WaitOptions,
): Promise<T> {
  const began = io.clock.monotonic();
  let lastAnswer = began;
  let lastSeen: T | undefined;
  const server = { reachable: true };
  const report = (now: boolean): void => {
    if (now !== server.reachable) options.onReachable?.(now);
    server.reachable = now;
  };
  for (;;) {
    const leftMs =
      options.timeoutMs === undefined ? Infinity : options.timeoutMs - (io.clock.monotonic() - began);
    if (leftMs <= 0)
      throw overdue(path, options.timeoutMs ?? 0, lastSeen?.waiting?.detail ?? options.whyWaiting?.());
    try {
      // After a silence the first answer shall come at once, so that people hear of it.
      const waitMs = server.reachable ? Math.ceil(Math.min(LIMITS.WAIT_MS, leftMs)) : 0;
      const seen = await api.get<T>(path, { waitMs, signal: options.signal });
      lastSeen = seen;
      lastAnswer = io.clock.monotonic();
      report(true);
      if (isTerminal(seen.state)) return seen;
    } catch (error) {
      if (!isPassing(error) || io.clock.monotonic() - lastAnswer > PATIENCE_MS) throw error;
      report(false);
      await delay(io.clock, Math.min(RETRY_MS, Math.max(0, leftMs)), options.signal);
    }
  }
}

function overdue(path: string, timeoutMs: number, reason: string | undefined): Fault {
  const id = path.slice(path.lastIndexOf('/') + 1);
  const why = reason === undefined ? '' : ` (waiting: ${reason})`;
  return new Fault(`${id} has not ended after ${timeoutMs / 1_000} s${why}; it goes on`, {
    code: 'timeout',
    exit: EXIT.timedOut,
    hint: `look at it with "swarmctl ${path.includes('/workflows/') ? 'workflow' : 'task'} get ${id}"`,
  });
}

/** Worth another try: nobody there, or somebody who says so. */
export function isPassing(error: unknown): boolean {
  return error instanceof Fault && (error.exit === EXIT.unavailable || error.exit === EXIT.timedOut);
}
