import { join } from 'node:path';
import type { LeaseResult, LeaseStore } from '@multiswarm/core';
import { loadScript } from './script';
import type { Store } from './store';

const directory = join(__dirname, '..', 'lua');
const acquireScript = loadScript(join(directory, 'lease-acquire.lua'));
const renewScript = loadScript(join(directory, 'lease-renew.lua'));
const releaseScript = loadScript(join(directory, 'lease-release.lua'));

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
