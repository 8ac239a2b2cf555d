export type LeaseResult =
  | { held: true; epoch: number; batchSeq: number }
  | { held: false; epoch: number; remainingMs: number; owner: string };

/**
 * Ownership of a shard, a region or a role: a lease whose epoch only grows. `batchSeq` numbers what was last committed under it,
 * where the store keeps that beside the lease; 0 elsewhere.
 */
export interface LeaseStore {
  /** Takes the lease, and with it the next epoch, unless somebody else holds it. */
  acquire(key: string, owner: string, ttlMs: number): Promise<LeaseResult>;
  /** False: another epoch has begun, or the lease was given back, and whatever was not committed under the old one is void. */
  renew(key: string, epoch: number, ttlMs: number): Promise<boolean>;
  /** Gives it back at once. False: another epoch has begun. */
  release(key: string, epoch: number): Promise<boolean>;
}
