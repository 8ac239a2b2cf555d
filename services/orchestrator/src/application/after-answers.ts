import type { Clock } from '@multiswarm/core';

/**
 * Calls `say` when what is answered in this turn of the event loop has left, which it does in the next one: for what nobody
 * waits for.
 */
export function afterAnswers(clock: Clock, say: () => void): void {
  clock.soon(() => clock.soon(say));
}
