import type { LeaseResult } from '@multiswarm/core';
import type { SimProcess } from './process';
import type { RedisServer } from './redis-server';

interface Lease {
  owner: string;
  epoch: number;
  leaseUntil: number;
  batchSeq: number;
  /** When the present epoch began, simulated milliseconds. */
  since: number;
}

/** The hashes in which leases live, and, for shards, the number of the last batch. See libs/store/lua. */
export class LeaseTable {
  private readonly leases = new Map<string, Lease>();

  constructor(private readonly redis: RedisServer) {}

  get(key: string): Lease {
    const lease = this.leases.get(key) ?? { owner: '', epoch: 0, leaseUntil: 0, batchSeq: 0, since: 0 };
    this.leases.set(key, lease);
    return lease;
  }

  acquire(key: string, owner: string, ttlMs: number): LeaseResult {
    const lease = this.get(key);
    const { now } = this.redis;
    if (lease.owner !== '' && lease.owner !== owner && lease.leaseUntil > now)
      return { held: false, epoch: lease.epoch, remainingMs: lease.leaseUntil - now, owner: lease.owner };
    lease.epoch += 1;
    lease.owner = owner;
    lease.since = now;
    lease.leaseUntil = now + ttlMs;
    return { held: true, epoch: lease.epoch, batchSeq: lease.batchSeq };
  }

  renew(key: string, epoch: number, ttlMs: number): boolean {
    const lease = this.get(key);
    if (lease.epoch !== epoch || lease.owner === '') return false;
    lease.leaseUntil = this.redis.now + ttlMs;
    return true;
  }

  release(key: string, epoch: number): boolean {
    const lease = this.get(key);
    if (lease.epoch !== epoch) return false;
    lease.owner = '';
    lease.leaseUntil = 0;
    return true;
  }
}

/** Leases as one process takes them. */
export class SimLeases {
  constructor(
    private readonly process: SimProcess,
    private readonly redis: RedisServer,
    private readonly table: LeaseTable,
  ) {}

  acquire(key: string, owner: string, ttlMs: number): Promise<LeaseResult> {
    return this.redis.call(this.process, `acquire ${key}`, () => this.table.acquire(key, owner, ttlMs));
  }

  renew(key: string, epoch: number, ttlMs: number): Promise<boolean> {
    return this.redis.call(this.process, `renew ${key}`, () => this.table.renew(key, epoch, ttlMs));
  }

  release(key: string, epoch: number): Promise<boolean> {
    return this.redis.call(this.process, `release ${key}`, () => this.table.release(key, epoch));
  }
}
