import { MultiswarmError, type Heartbeat, type RegionView, type Swarm } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { Membership } from '../domain/fleet/membership';

const FORGET_DOWN_MS = 10 * 60_000;

/** The whole fleet as this replica hears it: for reading, not for deciding. */
export class Fleet {
  private readonly membership = new Membership();

  constructor(private readonly clock: Clock) {}

  observe(heartbeat: Heartbeat): void {
    this.membership.observe(heartbeat, this.clock.monotonic());
  }

  tick(): void {
    this.membership.tick(this.clock.monotonic());
    this.membership.forget(this.clock.monotonic(), FORGET_DOWN_MS);
  }

  swarms(): Swarm[] {
    const offset = this.clock.now() - this.clock.monotonic();
    return this.membership
      .swarms(offset)
      .sort((a, b) => (a.region === b.region ? compare(a.swarmId, b.swarmId) : compare(a.region, b.region)));
  }

  swarm(id: string): Swarm {
    const found = this.find(id);
    if (!found) throw new MultiswarmError('swarm-not-found', `no swarm "${id}" is connected`);
    return found;
  }

  find(id: string): Swarm | undefined {
    return this.membership.swarm(id, this.clock.now() - this.clock.monotonic());
  }

  regions(): RegionView[] {
    return this.membership.regions();
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
