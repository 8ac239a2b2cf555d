import { heldMore } from './invariants/memory';
import type { Memory } from './stack/log-watch';
import type { System } from './stack/system';
import type { Target } from './targets/target';

/** Requests that are under way at the same time. */
const LANES = 8;

/** How often what is refused is sent again between two looks, and how many looks there are behind the first. */
export interface Repetition {
  times: number;
  looks: number;
}

/**
 * Sends again and again what was refused, or has only read: the same requests, so that nothing new has to be remembered, and whoever
 * holds more after each look holds what it should have let go of.
 */
export async function leaks(
  { watches }: System,
  targets: readonly Target[],
  { times, looks }: Repetition,
): Promise<string[]> {
  const sends = targets.flatMap(({ harmless, send }) => harmless.map((request) => () => send(request)));
  const repeat = async (rounds: number): Promise<void> => {
    const waiting = Array.from({ length: rounds }, () => sends).flat();
    const lane = async (): Promise<void> => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await next();
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  };
  const living = watches.filter(({ hasEnded }) => !hasEnded);
  const held = new Map<string, Memory[]>(living.map(({ service }) => [service, []]));
  await repeat(1); // fills what has a size of its own
  for (let look = 0; look <= looks; look += 1) {
    if (look > 0) await repeat(times);
    for (const watch of living) held.get(watch.service)?.push(await watch.memory());
  }
  return [...held].flatMap(([service, memories]) => {
    const fault = heldMore(memories);
    return fault === undefined ? [] : [`${service} ${fault}, of ${sends.length * times} requests each time`];
  });
}
