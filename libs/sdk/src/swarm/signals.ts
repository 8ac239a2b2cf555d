interface Drainable {
  drain(): Promise<void>;
  stop(): Promise<void>;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** Exit codes of a process that a signal ended: 128 and its number. */
const EXIT_CODES = { SIGTERM: 143, SIGINT: 130 } as const;

const running = new Set<Drainable>();
let ending = false;

/**
 * Drains every swarm of this process on the first SIGTERM or SIGINT and then ends it with code 0; a second signal ends it
 * at once. One listener for all swarms, so that the first one to be drained does not end the others.
 */
export function drainOnSignals(swarm: Drainable): () => void {
  if (running.size === 0) for (const signal of SIGNALS) process.on(signal, onSignal);
  running.add(swarm);
  return () => {
    running.delete(swarm);
    if (running.size === 0 && !ending) for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}

function onSignal(signal: (typeof SIGNALS)[number]): void {
  if (ending) process.exit(EXIT_CODES[signal]);
  ending = true;
  const drained = [...running].map(async (swarm) => {
    await swarm.drain();
    await swarm.stop();
  });
  void Promise.allSettled(drained).then((results) => {
    process.exit(results.every(({ status }) => status === 'fulfilled') ? 0 : 1);
  });
}
