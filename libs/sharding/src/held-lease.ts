import { MultiswarmError } from '@multiswarm/contracts';
import type { Cancel, Clock, LeaseStore } from '@multiswarm/core';

/**
 * One lease that this process holds. Its end is judged by the monotonic clock from before the request was sent, so it
 * never outlives the one in the store.
 */
export class HeldLease {
  private until: number;

  private constructor(
    readonly key: string,
    readonly epoch: number,
    readonly batchSeq: number,
    private readonly leases: LeaseStore,
    private readonly ttlMs: number,
    private readonly clock: Clock,
    asked: number,
  ) {
    this.until = asked + ttlMs;
  }

  /** @returns the lease, or how long somebody else still holds it. */
  static async acquire(
    leases: LeaseStore,
    key: string,
    owner: string,
    ttlMs: number,
    clock: Clock,
  ): Promise<HeldLease | LeaseElsewhere> {
    const asked = clock.monotonic();
    const result = await leases.acquire(key, owner, ttlMs);
    if (!result.held) return { remainingMs: result.remainingMs, owner: result.owner };
    return new HeldLease(key, result.epoch, result.batchSeq, leases, ttlMs, clock, asked);
  }

  holds(): boolean {
    return this.clock.monotonic() < this.until;
  }

  /** @throws MultiswarmError `stale-epoch` when somebody else has taken it; `store-unavailable` or `bus-unavailable` passes and may be tried again. */
  async renew(): Promise<void> {
    const asked = this.clock.monotonic();
    this.renewed(await this.leases.renew(this.key, this.epoch, this.ttlMs), asked);
    if (this.until > 0) return;
    throw new MultiswarmError('stale-epoch', `${this.key} was taken by another process`);
  }

  /** What came of a renewal that was asked for at `asked`, monotonic milliseconds. */
  renewed(still: boolean, asked: number): void {
    this.until = still ? asked + this.ttlMs : 0;
  }

  async release(): Promise<void> {
    this.until = 0;
    await this.leases.release(this.key, this.epoch);
  }
}

export interface LeaseElsewhere {
  remainingMs: number;
  owner: string;
}

/** While the store does not answer renewals are tried this often: a lease that could be kept must not run out meanwhile. */
const RENEW_AGAIN_MS = 500;

/**
 * All leases of one replica, renewed together, however many they are.
 *
 * K1. `onLost` is called once, when another process has the lease. While the store is away nothing is lost: the lease does not
 *     hold for the moment, and goes on if nobody has taken it when the store is back.
 */
export class LeaseKeeper {
  private readonly kept = new Map<HeldLease, () => void>();
  private cancel: Cancel = () => undefined;
  private running = false;

  constructor(
    private readonly leases: LeaseStore,
    private readonly owner: string,
    private readonly times: { leaseMs: number; renewMs: number },
    private readonly clock: Clock,
    private readonly onFault: (error: unknown) => void,
  ) {}

  start(): void {
    this.running = true;
    this.arm(this.times.renewMs);
  }

  /** Renews nothing any more; what was not released runs out. */
  stop(): void {
    this.running = false;
    this.cancel();
  }

  /** @throws MultiswarmError `store-unavailable` or `bus-unavailable`; the lease may have been taken, and asking again gets it then. */
  async acquire(key: string, onLost: (lease: HeldLease) => void): Promise<HeldLease | LeaseElsewhere> {
    const lease = await HeldLease.acquire(this.leases, key, this.owner, this.times.leaseMs, this.clock);
    if (lease instanceof HeldLease) this.kept.set(lease, () => onLost(lease));
    return lease;
  }

  /** Gives the lease back, so that a successor need not wait for its end. */
  async release(lease: HeldLease): Promise<void> {
    this.kept.delete(lease);
    await lease.release();
  }

  /** Somebody else has it, or it is to run out. */
  forget(lease: HeldLease): void {
    this.kept.delete(lease);
  }

  private arm(ms: number): void {
    if (!this.running) return;
    this.cancel = this.clock.after(ms, () => {
      void this.renewAll().then((ok) => {
        this.arm(ok ? this.times.renewMs : Math.min(RENEW_AGAIN_MS, this.times.renewMs));
      });
    });
  }

  /** All in one turn, so that the store gets them as one pipeline. */
  private async renewAll(): Promise<boolean> {
    const leases = [...this.kept.keys()];
    const asked = this.clock.monotonic();
    const results = await Promise.allSettled(
      leases.map(({ key, epoch }) => this.leases.renew(key, epoch, this.times.leaseMs)),
    );
    results.forEach((result, index) => {
      const lease = leases[index];
      if (result.status === 'fulfilled' && lease) this.renewed(lease, result.value, asked);
    });
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) this.onFault(failed.reason);
    return failed === undefined;
  }

  private renewed(lease: HeldLease, still: boolean, asked: number): void {
    const lost = this.kept.get(lease);
    if (!lost) return;
    lease.renewed(still, asked);
    if (still) return;
    this.kept.delete(lease);
    lost(); // K1
  }
}
