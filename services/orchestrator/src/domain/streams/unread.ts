import type { StreamEntry, StreamItem } from '@multiswarm/contracts';

export interface Unread {
  item: StreamItem;
  /** The number of the entry after which a reader goes on. */
  entry: number;
}

/**
 * What a reader has not read of a message. Entries are numbered without a gap before anything can be lost: where numbers are
 * missing, the gap is told, with the first and the last number of it.
 *
 * @param read the number of the last entry that the reader has
 */
export function unread(
  entries: readonly StreamEntry[],
  { attempt, read, stale }: { attempt: number; read: number; stale: boolean },
): Unread[] {
  const found: Unread[] = [];
  let last = read;
  for (const entry of entries) {
    const { seq, at } = entry;
    if (seq <= last) continue;
    if (seq > last + 1)
      found.push({ item: { attempt, seq: last + 1, until: seq - 1, at, kind: 'gap' }, entry: seq - 1 });
    found.push({ item: { attempt, ...entry, ...(stale ? { stale } : {}) }, entry: seq });
    last = seq;
  }
  return found;
}
