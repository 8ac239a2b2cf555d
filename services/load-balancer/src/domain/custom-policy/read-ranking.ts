import type { RoutingBatch } from '@multiswarm/contracts';

/** What is left of a policy's answer: for each item the swarms to try, in order; none where it said nothing of use. */
export interface ReadRanking {
  preferences: string[][];
  /** Ids that are no candidates of their item, or are no ids. */
  unknown: number;
  repeated: number;
}

/**
 * Holds the answer of a user's policy against what it was asked.
 *
 * R1. An answer that is no list of one list for each item is refused as a whole: nobody can tell which list is whose.
 * R2. Within a list, whatever is not a candidate of the item, or was there before, is left out and counted.
 */
export function readRanking(answer: unknown, batch: RoutingBatch): ReadRanking | { refused: string } {
  if (!Array.isArray(answer))
    return { refused: `it returned ${wordOf(answer)}, and not a list for each item` };
  const lists: unknown[] = answer;
  if (lists.length !== batch.items.length) {
    const given = lists.length > batch.items.length ? `more than ${batch.items.length}` : `${lists.length}`;
    return { refused: `it returned ${given} lists for ${batch.items.length} items` };
  }
  const wrong = lists.findIndex((list) => !Array.isArray(list));
  if (wrong >= 0) return { refused: `it returned no list for item ${wrong}` };
  const ids = batch.candidates.map((of) => new Set(of.map(({ swarmId }) => swarmId)));
  const read: ReadRanking = { preferences: [], unknown: 0, repeated: 0 };
  batch.items.forEach((item, index) => {
    // Seen above to be a list.
    read.preferences.push(usable(lists[index] as unknown[], ids[item.class] ?? new Set(), read));
  });
  return read;
}

function usable(list: readonly unknown[], candidates: ReadonlySet<string>, read: ReadRanking): string[] {
  const taken = new Set<string>();
  for (const id of list) {
    if (typeof id !== 'string' || !candidates.has(id)) read.unknown += 1;
    else if (taken.has(id)) read.repeated += 1;
    else taken.add(id);
  }
  return [...taken];
}

/** The thread sends the type of what is no list, as text. */
function wordOf(answer: unknown): string {
  return typeof answer === 'string' ? answer : typeof answer;
}
