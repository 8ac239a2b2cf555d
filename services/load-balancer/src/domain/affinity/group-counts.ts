const NOBODY: ReadonlyMap<number, number> = new Map();

/**
 * How many attempts of each group run on whom: what keeps apart, or spreads, is placed by it. It counts what heartbeats list
 * with its group and what is reserved here; what another replica has placed is seen with the next heartbeat. Groups of
 * which nothing runs are not kept.
 */
export class GroupCounts {
  private readonly groups = new Map<string, Map<number, number>>();

  get size(): number {
    return this.groups.size;
  }

  add(group: string, member: number): void {
    let counts = this.groups.get(group);
    if (counts === undefined) this.groups.set(group, (counts = new Map<number, number>()));
    counts.set(member, (counts.get(member) ?? 0) + 1);
  }

  remove(group: string, member: number): void {
    const counts = this.groups.get(group);
    const count = counts?.get(member);
    if (counts === undefined || count === undefined) return;
    if (count > 1) counts.set(member, count - 1);
    else if (counts.size > 1) counts.delete(member);
    else this.groups.delete(group);
  }

  /** Attempts by member; nobody has none. */
  of(group: string): ReadonlyMap<number, number> {
    return this.groups.get(group) ?? NOBODY;
  }

  /** The same by place. @param placeOf the place of a member */
  byPlace(group: string, placeOf: (member: number) => string): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [member, count] of this.of(group)) {
      const place = placeOf(member);
      counts.set(place, (counts.get(place) ?? 0) + count);
    }
    return counts;
  }
}

/**
 * Which places may take one more of a group so that none runs more than `maxSkew` more than the one that runs fewest. Places
 * that count are those with room and those where some of the group run: one that is full and runs none is nowhere to go, and
 * nothing to wait for.
 */
export function withinSkew(
  open: Iterable<string>,
  counts: ReadonlyMap<string, number>,
  maxSkew: number,
): (place: string) => boolean {
  let fewest = Infinity;
  for (const place of open) fewest = Math.min(fewest, counts.get(place) ?? 0);
  for (const count of counts.values()) fewest = Math.min(fewest, count);
  return (place) => (counts.get(place) ?? 0) + 1 - fewest <= maxSkew;
}
