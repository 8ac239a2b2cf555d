import { deferred, within, type Clock, type Deferred } from '@multiswarm/core';

/**
 * Swarms that a new coordinator has not heard yet: in its first moments it waits for them before it says that they are not
 * here, because they were asked to heartbeat and their work is on its way already.
 */
export class Arrivals {
  private readonly until: number;
  private readonly waiting = new Map<string, Deferred<void>>();

  constructor(
    private readonly clock: Clock,
    ms: number,
  ) {
    this.until = clock.monotonic() + ms;
  }

  heard(swarmId: string): void {
    this.waiting.get(swarmId)?.resolve();
    this.waiting.delete(swarmId);
  }

  /** Resolves when all of them were heard, or the first moments are over. */
  async of(swarmIds: readonly string[]): Promise<void> {
    const left = this.until - this.clock.monotonic();
    if (left <= 0) return;
    const heard = Promise.all([...new Set(swarmIds)].map((swarmId) => this.arrival(swarmId)));
    await within<unknown>(this.clock, left, heard, () => undefined);
  }

  /** Nobody is waited for any more. */
  stop(): void {
    for (const swarmId of [...this.waiting.keys()]) this.heard(swarmId);
  }

  private arrival(swarmId: string): Promise<void> {
    let arrival = this.waiting.get(swarmId);
    if (!arrival) this.waiting.set(swarmId, (arrival = deferred<void>()));
    return arrival.promise;
  }
}
