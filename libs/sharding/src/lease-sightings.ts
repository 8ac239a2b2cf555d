import type { StoredLease } from './lease-entry';

interface Sighting {
  revision: number;
  /** Where a server lost what it had written last, the same revision may come twice, with another value. */
  at: number;
  /** Monotonic milliseconds. */
  since: number;
}

/** Nobody's clock runs this much faster than anybody else's; what is told of NTP is 0.05%. */
const DRIFT = 0.01;

/**
 * Since when this process has seen each lease unchanged. Whoever holds a lease judges its end from before he asked for it; whoever
 * waits, from when he first saw what came of that. So the holder stops first, whatever the clocks say, as long as they run
 * equally fast (Gray & Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency", 1989).
 *
 * Holds one small entry per key that was ever asked for.
 */
export class LeaseSightings {
  private readonly seen = new Map<string, Sighting>();

  /** Something that the leader of the bucket has said, or that was written long enough ago to be told by a replica of it. */
  note(key: string, { revision, entry: { at } }: StoredLease, now: number): void {
    const before = this.seen.get(key);
    if (before?.revision === revision && before.at === at) return;
    this.seen.set(key, { revision, at, since: now });
  }

  /** A watch may be behind what was read: then it has nothing new to tell. */
  noteLate(key: string, stored: StoredLease, now: number): void {
    const before = this.seen.get(key);
    if (before && before.revision > stored.revision) return;
    this.note(key, stored, now);
  }

  /** How long the lease may still be believed by its holder, whole milliseconds. It must have been noted. */
  remainingMs(key: string, { entry: { ttlMs } }: StoredLease, now: number): number {
    const since = this.seen.get(key)?.since ?? now;
    return Math.max(0, Math.ceil(since + ttlMs * (1 + DRIFT) - now));
  }
}
