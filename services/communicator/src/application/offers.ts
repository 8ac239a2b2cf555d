import {
  LIMITS,
  MultiswarmError,
  type ClaimedOffer,
  type ClaimOffer,
  type GetOffer,
  type ListOffers,
  type MakeOffer,
  type Offer,
  type OfferPage,
  type WithdrawOffer,
} from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import { changeOffer, toOffer, type OfferCommand, type OfferRecord } from '../domain/sharing/offer';
import type { Ledger, Stored } from './ledger';
import { withToken } from './leases';
import { isListed, watchOffers, type OfferNews } from './offer-watch';

/** Resource offers: one swarm lends, one at most borrows. */
export class Offers {
  constructor(
    private readonly ledger: Ledger<OfferRecord>,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  /** @throws MultiswarmError `state-full` */
  async make({ ttlMs, ...offered }: MakeOffer): Promise<Offer> {
    const { items } = await this.list({ namespace: offered.namespace });
    if (items.filter(({ state }) => state !== 'ended').length >= LIMITS.SHARED_RECORDS)
      throw new MultiswarmError(
        'state-full',
        `there are ${LIMITS.SHARED_RECORDS} offers already (SHARED_RECORDS)`,
      );
    const id = `o-${this.ids.next()}`;
    const record = { ...offered, id, expiresAt: this.clock.now() + ttlMs, withdrawn: false };
    return this.shown(await this.ledger.change(keyOf(record), () => record));
  }

  /** @throws MultiswarmError `offer-not-found` */
  async get(of: GetOffer): Promise<Offer> {
    const found = await this.ledger.find(keyOf(of));
    if (!found) throw notFound(of);
    return this.shown(found);
  }

  async list(filter: ListOffers): Promise<OfferPage> {
    const all = (await this.ledger.list(`${filter.namespace}.*`)).map((each) => this.shown(each));
    return { items: all.filter((offer) => isListed(offer, filter)) };
  }

  /** What is there and what comes, also what time alone changes. Throws `state-unavailable` before it begins. */
  async watch(filter: ListOffers): Promise<{ entries: AsyncIterable<OfferNews>; close: () => void }> {
    return watchOffers(this.ledger, this.clock, filter);
  }

  /** @throws MultiswarmError `offer-not-found`, `offer-taken` */
  claim({ borrower, claim, ttlMs, ...of }: ClaimOffer): Promise<Offer> {
    return this.change(of, { kind: 'claim', wish: { holder: borrower, claim, ttlMs } });
  }

  /** @throws MultiswarmError `offer-not-found`, `lease-lost` */
  renew({ borrower, token, ...of }: ClaimedOffer): Promise<Offer> {
    return this.change(of, { kind: 'renew', holder: borrower, token });
  }

  /** @throws MultiswarmError `offer-not-found`, `lease-lost` */
  release({ borrower, token, ...of }: ClaimedOffer): Promise<Offer> {
    return this.change(of, { kind: 'release', holder: borrower, token });
  }

  /** @throws MultiswarmError `offer-not-found`, `offer-taken` */
  withdraw({ lender, ...of }: WithdrawOffer): Promise<Offer> {
    return this.change(of, { kind: 'withdraw', lender });
  }

  private async change(of: GetOffer, command: OfferCommand): Promise<Offer> {
    return this.shown(
      await this.ledger.change(keyOf(of), (found) => {
        if (!found) throw notFound(of);
        const offer = withToken(found);
        const changed = changeOffer(offer, command, this.clock.now());
        return changed === offer ? found.record : changed;
      }),
    );
  }

  private shown(stored: Stored<OfferRecord>): Offer {
    return toOffer(withToken(stored), this.clock.now());
  }
}

function keyOf({ namespace, id }: GetOffer): string {
  return `${namespace}.${id}`;
}

function notFound({ id }: GetOffer): MultiswarmError {
  return new MultiswarmError('offer-not-found', `there is no offer "${id}"`);
}
