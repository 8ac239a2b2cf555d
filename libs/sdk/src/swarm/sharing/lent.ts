import { KeyValueBucket } from '@multiswarm/bus';
import { buckets, StoredOffer } from '@multiswarm/contracts';
import { delay, type Cancel } from '@multiswarm/core';
import type { Door } from './door';
import type { ResourcePool } from './pool';

/** The borrower stops before the lender begins: by so much clocks may differ. */
const MARGIN_MS = 1_000;
const AGAIN_MS = 1_000;

/** Follows what others claim of this swarm's offers, also of those from before it was started: its pool is smaller meanwhile. */
export class LentResources {
  private readonly expiries = new Map<string, Cancel>();
  private close: () => void = () => undefined;
  private watching = false;

  constructor(
    private readonly door: Door,
    private readonly pool: ResourcePool,
  ) {}

  /** Where nobody has ever offered anything there is nothing to follow. */
  async begin(): Promise<void> {
    const { log } = this.door.options;
    try {
      if (((await this.bucket.info())?.keys ?? 0) > 0) this.follow();
    } catch (error) {
      log.debug('offers cannot be looked at; none of before are known', { error });
    }
  }

  /** From now on; once is enough. */
  follow(): void {
    if (this.watching || !this.door.isOpen) return;
    this.watching = true;
    void this.run();
  }

  stop(): void {
    this.watching = false;
    this.close();
    for (const cancel of this.expiries.values()) cancel();
    this.expiries.clear();
  }

  private async run(): Promise<void> {
    const { clock, log, namespace } = this.door.options;
    while (this.isOn()) {
      try {
        const { entries, close } = await this.bucket.watch(`${namespace}.*`);
        this.close = close;
        if (!this.isOn()) close();
        for await (const { value } of entries) {
          const offer = value === undefined ? undefined : StoredOffer.safeParse(JSON.parse(value)).data;
          if (offer) this.saw(offer);
        }
      } catch (error) {
        if (this.isOn()) log.warn('offers cannot be watched; trying again', { error });
      }
      if (this.isOn()) await delay(clock, AGAIN_MS);
    }
  }

  /** It may be stopped while something is waited for. */
  private isOn(): boolean {
    return this.watching;
  }

  private saw({ id, lender, resources, grant }: StoredOffer): void {
    const { clock, swarmId } = this.door.options;
    if (lender !== swarmId) return;
    this.expiries.get(id)?.();
    this.expiries.delete(id);
    const leftMs = grant === undefined ? 0 : grant.expiresAt - clock.now();
    if (leftMs <= 0) {
      this.pool.regain(id);
      return;
    }
    this.pool.lend(id, resources);
    const back = clock.after(leftMs + MARGIN_MS, () => {
      this.expiries.delete(id);
      this.pool.regain(id);
    });
    this.expiries.set(id, back);
  }

  private get bucket(): KeyValueBucket {
    return new KeyValueBucket(this.door.bus.connection, buckets.offers);
  }
}
