import { deferred } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { createSwarm, type Swarm, type SwarmOptions, type TaskContext } from '../src';

let count = 0;

export const silent = createLogger({ service: 'test', level: 'silent' });

/** A swarm with short patience, and without the process's signals. */
export function testSwarm(options: Partial<SwarmOptions> & { servers: string }): Swarm {
  return createSwarm({
    id: `swarm-${count++}`,
    region: 'eu-west',
    slots: 2,
    handleSignals: false,
    graceMs: 50,
    flushMs: 500,
    logger: silent,
    ...options,
  });
}

export interface Gate {
  /** Ends the handler with `released`. */
  release(): void;
  /** Resolves when the handler has begun. */
  entered: Promise<TaskContext>;
  runs(): number;
  handler: (input: unknown, ctx: TaskContext) => Promise<unknown>;
}

/** A handler that runs until it is released or, unless it is stubborn, aborted. */
export function gate({ stubborn = false } = {}): Gate {
  const release = deferred<string>();
  const entered = deferred<TaskContext>();
  let runs = 0;
  return {
    release: () => release.resolve('released'),
    entered: entered.promise,
    runs: () => runs,
    handler: (_input, ctx) => {
      runs += 1;
      entered.resolve(ctx);
      return new Promise((resolve, reject) => {
        void release.promise.then(resolve);
        if (!stubborn)
          ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error), { once: true });
      });
    },
  };
}
