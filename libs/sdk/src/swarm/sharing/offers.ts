import { LIMITS, Offer, OfferPage, subjects, type MakeOffer } from '@multiswarm/contracts';
import type { Door } from './door';
import { Keeper } from './keeper';
import type { LentResources } from './lent';
import type { ResourcePool } from './pool';
import type { BorrowedResources, OfferFilter, OffersClient } from './types';

/** Offers of a swarm, and what it borrows. */
export class SwarmOffers implements OffersClient {
  private readonly keepers = new Set<Keeper>();

  constructor(
    private readonly door: Door,
    private readonly pool: ResourcePool,
    private readonly lent: LentResources,
  ) {}

  async make(
    offer: Pick<MakeOffer, 'resources'> & { pricePerHour?: number; ttlMs?: number },
  ): Promise<Offer> {
    const { swarmId: lender, region } = this.door.options;
    const made = await this.door.ask(subjects.offer('make'), { lender, region, ...offer }, Offer);
    this.lent.follow();
    return made;
  }

  async list(filter: OfferFilter = {}): Promise<Offer[]> {
    return (await this.door.ask(subjects.offer('list'), { ...filter }, OfferPage)).items;
  }

  async claim(
    id: string,
    { ttlMs = LIMITS.LEASE_BY_DEFAULT_MS }: { ttlMs?: number } = {},
  ): Promise<BorrowedResources> {
    const { clock, log, swarmId: borrower } = this.door.options;
    const askedAt = clock.monotonic();
    const wish = { id, borrower, claim: this.door.options.ids.next(), ttlMs };
    const offer = await this.door.ask(subjects.offer('claim'), wish, Offer);
    const token = offer.claim?.token ?? 0;
    const held = { id, borrower, token };
    const heldMs = ({ claim }: Offer): number =>
      Math.min(ttlMs, claim ? Date.parse(claim.until) - clock.now() : 0);
    const keeper = new Keeper({
      ...{ clock, log, ttlMs, askedAt, name: `offer ${id}`, heldMs: heldMs(offer) },
      renew: async () => heldMs(await this.door.ask(subjects.offer('renew'), held, Offer)),
      release: () => this.door.ask(subjects.offer('release'), held, Offer),
    });
    this.keepers.add(keeper);
    this.pool.borrow(id, offer.resources);
    keeper.lost.addEventListener('abort', () => {
      this.pool.giveBack(id);
      this.keepers.delete(keeper);
    });
    return { offer, token, lost: keeper.lost, release: () => keeper.release() };
  }

  withdraw(id: string): Promise<Offer> {
    return this.door.ask(subjects.offer('withdraw'), { id, lender: this.door.options.swarmId }, Offer);
  }

  /** Gives back all that is borrowed. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.keepers].map((keeper) => keeper.release()));
  }
}
