import { MultiswarmError } from '@multiswarm/contracts';
import type { Clock, LeaseResult, LeaseStore } from '@multiswarm/core';
import type { LeaseEntry, LeaseRegister, StoredLease } from './lease-entry';
import { LeaseSightings } from './lease-sightings';

/** Each lost race shows a newer holder, for whom one waits; only releases in between make it go round. */
const ATTEMPTS = 5;
const MS_PER_SECOND = 1_000;

/**
 * Leases over a register with compare-and-set, which knows no time: no expiry of the server is used.
 *
 * L1. Who waits takes a lease only after it has seen the same revision for the whole lease; a renewal is a new revision.
 * L2. Every take is a compare-and-set on the revision that was judged, so of those who find a lease over one gets it, and a renewal that
 *     comes first wins.
 * L3. An epoch is one more than the last, and at least the time in seconds: where the bucket was lost or set back, the next epoch
 *     is later all the same than any that was given out since.
 * L4. A renewal looks whose the lease is before it writes: after a reply that was lost, its revision is not what this process believes.
 */
export class RegisterLeases implements LeaseStore {
  private readonly sightings = new LeaseSightings();
  /** Who took which lease here. One entry per key. */
  private readonly taken = new Map<string, { owner: string; epoch: number }>();

  constructor(
    private readonly register: LeaseRegister,
    private readonly clock: Clock,
  ) {}

  /** Its present owner takes it again at once, with the next epoch: a restarted process must fence its own older writes. */
  async acquire(key: string, owner: string, ttlMs: number): Promise<LeaseResult> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const stored = await this.read(key);
      const elsewhere = stored && this.held(key, owner, stored);
      if (elsewhere) return elsewhere;
      const entry = this.next(stored?.entry.epoch ?? 0, owner, ttlMs);
      if (!(await this.register.write(key, entry, stored?.revision ?? 0))) continue; // L2
      this.taken.set(key, { owner, epoch: entry.epoch });
      return { held: true, epoch: entry.epoch, batchSeq: 0 };
    }
    throw new MultiswarmError(
      'bus-unavailable',
      `the lease ${key} changes hands faster than it can be taken`,
    );
  }

  async renew(key: string, epoch: number, ttlMs: number): Promise<boolean> {
    const owner = this.taken.get(key)?.owner;
    if (owner === undefined) return false;
    return this.rewrite(key, epoch, (entry) => (entry.owner === owner ? { ...entry, ttlMs } : undefined));
  }

  async release(key: string, epoch: number): Promise<boolean> {
    return this.rewrite(key, epoch, (entry) => ({ ...entry, owner: '' }));
  }

  /** Something was written, as a watch tells: the wait for its end begins now, and not only when somebody asks. */
  saw(key: string, stored: StoredLease): void {
    this.sightings.noteLate(key, stored, this.clock.monotonic());
  }

  private async read(key: string): Promise<StoredLease | undefined> {
    const stored = await this.register.read(key);
    if (stored) this.sightings.note(key, stored, this.clock.monotonic());
    return stored;
  }

  /** L1. What to answer while somebody else has it. */
  private held(key: string, asking: string, stored: StoredLease): LeaseResult | undefined {
    const { owner, epoch } = stored.entry;
    if (owner === '' || owner === asking) return undefined;
    const remainingMs = this.sightings.remainingMs(key, stored, this.clock.monotonic());
    return remainingMs > 0 ? { held: false, epoch, remainingMs, owner } : undefined;
  }

  /** L3. */
  private next(before: number, owner: string, ttlMs: number): LeaseEntry {
    const at = this.clock.now();
    return { v: 1, owner, epoch: Math.max(before + 1, Math.floor(at / MS_PER_SECOND)), ttlMs, at };
  }

  /** L4. Once more where a write of this process was in between, whose answer has not come. */
  private async rewrite(
    key: string,
    epoch: number,
    change: (entry: LeaseEntry) => LeaseEntry | undefined,
  ): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const stored = await this.read(key);
      const entry = stored?.entry.epoch === epoch ? change(stored.entry) : undefined;
      if (!stored || !entry) return false;
      if (await this.register.write(key, { ...entry, at: this.clock.now() }, stored.revision)) return true;
    }
    throw new MultiswarmError('bus-unavailable', `the lease ${key} changes faster than it can be written`);
  }
}
