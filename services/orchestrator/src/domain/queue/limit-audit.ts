import type { Limit } from './limit';

/** A limit that counts another number than there are attempts under it. */
export interface Miscount {
  limit: Limit;
  held: number;
}

/**
 * Counts again what runs under each limit.
 * @param sets of each attempt that counts, the limits that it is under
 */
export function miscounts(limits: Iterable<Limit>, sets: Iterable<readonly Limit[]>): Miscount[] {
  const held = new Map<Limit, number>();
  for (const set of sets) for (const limit of set) held.set(limit, (held.get(limit) ?? 0) + 1);
  return [...limits].flatMap((limit) => {
    const there = held.get(limit) ?? 0;
    return limit.running === there ? [] : [{ limit, held: there }];
  });
}
