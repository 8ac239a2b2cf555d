import { LocalSwarm } from './local-swarm';
import type { Swarm, SwarmOptions } from './types';

/**
 * A swarm that runs in this process: give it handlers with `handle()`, then `start()` it. It takes what is dispatched to it
 * while it has free slots and resources, and drains on SIGTERM and SIGINT unless `handleSignals` is false.
 */
export function createSwarm(options: SwarmOptions): Swarm {
  return new LocalSwarm(options);
}
