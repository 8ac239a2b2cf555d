import { z } from 'zod';

/** Numbers of each lane, in the order in which they came: each run is its first and its last one, so that a state of thousands is small. */
export const Seen = z.record(z.string(), z.array(z.tuple([z.number(), z.number()])));
export type Seen = z.infer<typeof Seen>;

/** One more; what has come before comes once more. */
export function seenMore(seen: Seen, lane: string, n: number): Seen {
  const runs = seen[lane] ?? [];
  const last = runs.at(-1);
  const more: Seen[string] =
    last !== undefined && n === last[1] + 1 ? [...runs.slice(0, -1), [last[0], n]] : [...runs, [n, n]];
  return { ...seen, [lane]: more };
}

export function numbersOf(seen: Seen, lane: string): number[] {
  return (seen[lane] ?? []).flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, n) => first + n),
  );
}
