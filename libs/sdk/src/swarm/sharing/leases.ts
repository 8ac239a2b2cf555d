import { Lease, LIMITS, MultiswarmError, subjects } from '@multiswarm/contracts';
import type { Door } from './door';
import { Keeper } from './keeper';
import type { HeldLease, LeasesClient } from './types';

/** Leases that a swarm holds. */
export class SwarmLeases implements LeasesClient {
  private readonly keepers = new Set<Keeper>();

  constructor(private readonly door: Door) {}

  async acquire(
    name: string,
    { ttlMs = LIMITS.LEASE_BY_DEFAULT_MS }: { ttlMs?: number } = {},
  ): Promise<HeldLease> {
    const { clock, log, swarmId: holder } = this.door.options;
    const askedAt = clock.monotonic();
    const wish = { name, holder, claim: this.door.options.ids.next(), ttlMs };
    const { token } = await this.door.ask(subjects.lease('acquire'), wish, Lease);
    if (token === undefined)
      throw new MultiswarmError('lease-lost', `the lease "${name}" ran out on its way`);
    const held = { name, holder, token };
    const keeper = new Keeper({
      ...{ clock, log, ttlMs, askedAt, name: `lease ${name}`, heldMs: ttlMs },
      renew: async () => {
        await this.door.ask(subjects.lease('renew'), held, Lease);
        return ttlMs;
      },
      release: () => this.door.ask(subjects.lease('release'), held, Lease),
    });
    this.keepers.add(keeper);
    keeper.lost.addEventListener('abort', () => this.keepers.delete(keeper));
    return { name, token, lost: keeper.lost, release: () => keeper.release() };
  }

  get(name: string): Promise<Lease> {
    return this.door.ask(subjects.lease('get'), { name }, Lease);
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.keepers].map((keeper) => keeper.release()));
  }
}
