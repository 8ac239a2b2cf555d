import type { Clock } from '@multiswarm/core';
import type { CapacityReason } from '../domain/fleet';
import type { SwarmSeen } from '../domain/swarm-seen';

/** Where several things happened to a swarm in one turn, the first of these is said. */
const PRECEDENCE: readonly CapacityReason[] = ['joined', 'changed', 'freed'];

/**
 * What to announce, gathered over one turn of the event loop: a swarm that ends a hundred attempts in one batch of
 * reports is announced once, as it is then.
 */
export class CapacityNews {
  private gathered = new Map<SwarmSeen, CapacityReason>();

  constructor(
    private readonly clock: Clock,
    private readonly announce: (swarm: SwarmSeen, reason: CapacityReason) => void,
  ) {}

  add(swarm: SwarmSeen, reason: CapacityReason): void {
    if (this.gathered.size === 0) this.clock.soon(() => this.tell());
    const known = this.gathered.get(swarm);
    if (known === undefined || PRECEDENCE.indexOf(reason) < PRECEDENCE.indexOf(known))
      this.gathered.set(swarm, reason);
  }

  private tell(): void {
    const { gathered } = this;
    this.gathered = new Map();
    for (const [swarm, reason] of gathered) this.announce(swarm, reason);
  }
}
