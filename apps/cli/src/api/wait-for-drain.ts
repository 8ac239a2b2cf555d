import type { Swarm } from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import type { GlobalOptions } from '../command';
import { EXIT, Fault } from '../faults';
import { interruptible } from '../interruption';
import type { Io } from '../io';
import { isPassing, PATIENCE_MS } from './await-end';
import type { HttpApi } from './http-api';
import { paths } from './paths';

const LOOK_MS = 500;

/**
 * Waits until a swarm that drains holds nothing any more, across restarts of the service.
 * Throws exit 6 when the time is over, exit 7 when nobody has answered for a minute.
 *
 * @returns undefined where the swarm has stopped meanwhile
 */
export function waitForDrain(
  api: HttpApi,
  id: string,
  global: GlobalOptions,
  io: Io,
): Promise<Swarm | undefined> {
  return interruptible(io, `the swarm goes on draining: swarmctl swarm list`, async (signal) => {
    const began = io.clock.monotonic();
    let lastAnswer = began;
    let held: number | undefined;
    for (;;) {
      try {
        const swarm = await api.get<Swarm>(paths.swarm(id), { signal });
        lastAnswer = io.clock.monotonic();
        held = swarm.held.length;
        if (isDrained(swarm)) return swarm;
      } catch (error) {
        if (error instanceof Fault && error.exit === EXIT.notFound) return undefined;
        if (!isPassing(error) || io.clock.monotonic() - lastAnswer > PATIENCE_MS) throw error;
      }
      const passedMs = io.clock.monotonic() - began;
      if (global.timeoutMs !== undefined && passedMs >= global.timeoutMs)
        throw overdue(id, held, global.timeoutMs);
      await delay(io.clock, LOOK_MS, signal);
    }
  });
}

/** What a swarm holds that is down is lost to it, and runs again elsewhere. */
function isDrained({ state, held }: Swarm): boolean {
  return state === 'down' || (state === 'draining' && held.length === 0);
}

function overdue(id: string, held: number | undefined, timeoutMs: number): Fault {
  const left = held === undefined ? '' : `, it holds ${held} ${held === 1 ? 'attempt' : 'attempts'}`;
  return new Fault(`${id} has not drained after ${timeoutMs / 1_000} s${left}; it goes on`, {
    code: 'timeout',
    exit: EXIT.timedOut,
    hint: 'look at it with "swarmctl swarm list"',
  });
}
