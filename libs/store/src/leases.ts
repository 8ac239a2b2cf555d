import { join } from 'node:path';
import { loadScript } from './script';
import type { Store } from './store';

const directory = join(__dirname, '..', 'lua');
const acquireScript = loadScript(join(directory, 'lease-acquire.lua'));
const renewScript = loadScript(join(directory, 'lease-renew.lua'));
const releaseScript = loadScript(join(directory, 'lease-release.lua'));

export type LeaseResult =
  | { held: true; epoch: number; batchSeq: number }
  | { held: false; epoch: number; remainingMs: number; owner: string };

/** Ownership of a shard, a region or the scheduler's role: a lease whose epoch only grows. */
export interface LeaseStore {
  /** Takes the lease, and with it the next epoch, unless somebody else holds it. */
  acquire(key: string, owner: string, ttlMs: number): Promise<LeaseResult>;
  /** False: another epoch has begun, or the lease was given back, and whatever was not committed under the old one is void. */
  renew(key: string, epoch: number, ttlMs: number): Promise<boolean>;
  /** Gives it back at once. False: another epoch has begun. */
  release(key: string, epoch: number): Promise<boolean>;
}

/** Leases in Redis, by its clock. */
export class Leases implements LeaseStore {
  constructor(private readonly store: Store) {}

  async acquire(key: string, owner: string, ttlMs: number): Promise<LeaseResult> {
    const [taken, epoch, third, holder] = (await this.store.run(acquireScript, [key], [owner, ttlMs])) as [
      number,
      number,
      number,
      string?,
    ];
    if (taken === 1) return { held: true, epoch, batchSeq: third };
    return { held: false, epoch, remainingMs: third, owner: holder ?? '' };
  }

  async renew(key: string, epoch: number, ttlMs: number): Promise<boolean> {
    return (await this.store.run(renewScript, [key], [epoch, ttlMs])) === 1;
  }

  async release(key: string, epoch: number): Promise<boolean> {
    return (await this.store.run(releaseScript, [key], [epoch])) === 1;
  }
}
