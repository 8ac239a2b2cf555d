import { MultiswarmError } from '@multiswarm/contracts';
import { delay, type Clock, type LeaseResult, type LeaseStore } from '@multiswarm/core';

interface Lease {
  owner: string;
  epoch: number;
  until: number;
}

/** Leases of one Redis, by the clock of the test. */
export class MemoryLeases implements LeaseStore {
  readonly leases = new Map<string, Lease>();
  /** Calls by key, in order. */
  readonly calls: { kind: 'acquire' | 'renew' | 'release'; key: string; owner?: string }[] = [];
  away = false;
  /** Before a release is done. */
  releaseMs: (key: string) => number = () => 0;
  /** From the moment in which somebody is told that another one has a lease until the answer is there. */
  answerMs = 0;

  constructor(private readonly clock: Clock) {}

  async acquire(key: string, owner: string, ttlMs: number): Promise<LeaseResult> {
    const lease = await this.call('acquire', key, owner);
    const now = this.clock.monotonic();
    if (lease.owner !== '' && lease.owner !== owner && lease.until > now) {
      const answer = { epoch: lease.epoch, remainingMs: lease.until - now, owner: lease.owner };
      if (this.answerMs > 0) await delay(this.clock, this.answerMs);
      return { held: false, ...answer };
    }
    Object.assign(lease, { owner, epoch: lease.epoch + 1, until: now + ttlMs });
    return { held: true, epoch: lease.epoch, batchSeq: 0 };
  }

  async renew(key: string, epoch: number, ttlMs: number): Promise<boolean> {
    const lease = await this.call('renew', key);
    if (lease.epoch !== epoch || lease.owner === '') return false;
    lease.until = this.clock.monotonic() + ttlMs;
    return true;
  }

  async release(key: string, epoch: number): Promise<boolean> {
    const lease = await this.call('release', key);
    if (this.releaseMs(key) > 0) await delay(this.clock, this.releaseMs(key));
    if (lease.epoch !== epoch) return false;
    Object.assign(lease, { owner: '', until: 0 });
    return true;
  }

  owner(key: string): string | undefined {
    return this.leases.get(key)?.owner;
  }

  private async call(kind: 'acquire' | 'renew' | 'release', key: string, owner?: string): Promise<Lease> {
    this.calls.push({ kind, key, ...(owner === undefined ? {} : { owner }) });
    await Promise.resolve();
    if (this.away) throw new MultiswarmError('store-unavailable', 'Redis does not answer');
    const lease = this.leases.get(key) ?? { owner: '', epoch: 0, until: 0 };
    this.leases.set(key, lease);
    return lease;
  }
}
