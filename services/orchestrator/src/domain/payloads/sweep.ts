/** Something stored that may be removed: a payload by its id, or the parts of an upload that nobody has described. */
export interface Stored {
  id: string;
  /** When somebody last stored or claimed it, epoch ms. */
  claimedAt: number;
  /** Of what was read; a claim since then has another one. */
  seq: number;
}

/** What an earlier look has found to be referred to by nobody: by id, the `seq` that it had. */
export type Condemned = ReadonlyMap<string, number>;

export interface Verdicts<T extends Stored> {
  /** Seen twice, and referred to by nobody both times. */
  remove: T[];
  /** To be remembered for the next look: all that nobody refers to, and is not removed yet. */
  condemned: Map<string, number>;
}

/**
 * Which of what is stored may go.
 *
 * S1. What was claimed within the grace time stays: whoever has claimed it is about to refer to it.
 * S2. What is referred to stays, however old.
 * S3. What goes was found without a reference by two looks, with nothing said of it in between. Between two looks is more time
 *     than a commit needs that was under way at the first: a reference that was made before is there at the second.
 *
 * @param isReferred as of after `stored` was read: a reference that is younger belongs to a claim that is younger
 */
export function judge<T extends Stored>(
  stored: Iterable<T>,
  isReferred: (id: string) => boolean,
  condemned: Condemned,
  { now, graceMs, most }: { now: number; graceMs: number; most: number },
): Verdicts<T> {
  const verdicts: Verdicts<T> = { remove: [], condemned: new Map() };
  for (const each of stored) {
    if (!isOld(each, now, graceMs) || isReferred(each.id)) continue; // S1, S2
    if (condemned.get(each.id) === each.seq)
      verdicts.remove.push(each); // S3
    else if (verdicts.condemned.size < most) verdicts.condemned.set(each.id, each.seq);
  }
  return verdicts;
}

/** Clocks of two machines need not agree: what is from the future is young. */
export function isOld({ claimedAt }: Pick<Stored, 'claimedAt'>, now: number, graceMs: number): boolean {
  return now - claimedAt > graceMs;
}
