import { MultiswarmError } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Leases } from '@multiswarm/store';

/**
 * One lease that this process holds. Its end is judged by the monotonic clock from before the request was sent, so it
 * never outlives the one in Redis.
 */
export class HeldLease {
  private until: number;

  private constructor(
    readonly key: string,
    readonly epoch: number,
    readonly batchSeq: number,
    private readonly leases: Leases,
    private readonly ttlMs: number,
    private readonly clock: Clock,
    asked: number,
  ) {
    this.until = asked + ttlMs;
  }

  /** @returns the lease, or how long somebody else still holds it. */
  static async acquire(
    leases: Leases,
    key: string,
    owner: string,
    ttlMs: number,
    clock: Clock,
  ): Promise<HeldLease | { remainingMs: number; owner: string }> {
    const asked = clock.monotonic();
    const result = await leases.acquire(key, owner, ttlMs);
    if (!result.held) return { remainingMs: result.remainingMs, owner: result.owner };
    return new HeldLease(key, result.epoch, result.batchSeq, leases, ttlMs, clock, asked);
  }

  holds(): boolean {
    return this.clock.monotonic() < this.until;
  }

  /** @throws MultiswarmError `stale-epoch` when somebody else has taken it; `store-unavailable` passes and may be tried again. */
  async renew(): Promise<void> {
    const asked = this.clock.monotonic();
    if (!(await this.leases.renew(this.key, this.epoch, this.ttlMs))) {
      this.until = 0;
      throw new MultiswarmError('stale-epoch', `${this.key} was taken by another process`);
    }
    this.until = asked + this.ttlMs;
  }

  async release(): Promise<void> {
    this.until = 0;
    await this.leases.release(this.key, this.epoch);
  }
}
