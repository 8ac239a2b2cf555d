import { MultiswarmError, type Offer, type Resources } from '@multiswarm/contracts';
import { granted, isHeldUnder, isLive, isRepeated, renewed, type Grant, type Wish } from './grant';
import { lost } from './lease';

/** What is stored of an offer. Times are epoch ms. */
export interface OfferRecord {
  namespace: string;
  id: string;
  lender: string;
  region: string;
  resources: Resources;
  pricePerHour: number;
  expiresAt: number;
  withdrawn: boolean;
  /** The claim of the borrower. */
  grant?: Grant | undefined;
}

export type OfferCommand =
  | { kind: 'claim'; wish: Wish }
  | { kind: 'renew'; holder: string; token: number }
  | { kind: 'release'; holder: string; token: number }
  | { kind: 'withdraw'; lender: string };

/**
 * An offer: `(record, command, now) → record`.
 *
 * O1. At any time one borrower at most has a claim that is live; nobody claims what was withdrawn or is over, and no lender its own.
 * O2. Only the borrower, under its token, renews or releases a claim; none is renewed beyond the offer, or once it is withdrawn.
 * O3. A claim that ends makes the offer open again, as long as it is there.
 * O4. A repeated wish gets the claim that it got already.
 */
export function changeOffer(offer: OfferRecord, command: OfferCommand, now: number): OfferRecord {
  const { grant, withdrawn, expiresAt } = offer;
  switch (command.kind) {
    case 'claim':
      if (isRepeated(grant, command.wish, now)) return offer;
      assertClaimable(offer, command.wish.holder, now);
      return { ...offer, grant: granted(command.wish, now, expiresAt) };
    case 'renew':
      if (!isHeldUnder(grant, command, now)) throw lost(command);
      return withdrawn ? offer : { ...offer, grant: renewed(grant, now, expiresAt) };
    case 'release':
      if (!isHeldUnder(grant, command, now)) throw lost(command);
      return { ...offer, grant: undefined };
    case 'withdraw':
      if (command.lender !== offer.lender)
        throw new MultiswarmError(
          'offer-taken',
          `the offer is of "${offer.lender}", which alone may withdraw it`,
        );
      return { ...offer, withdrawn: true };
  }
}

function assertClaimable(
  { lender, withdrawn, expiresAt, grant }: OfferRecord,
  borrower: string,
  now: number,
): void {
  const refuse = (why: string): MultiswarmError => new MultiswarmError('offer-taken', why);
  if (withdrawn) throw refuse('the offer was withdrawn');
  if (now >= expiresAt) throw refuse('the time of the offer is over');
  if (borrower === lender) throw refuse('a swarm cannot claim what it offers itself');
  if (isLive(grant, now))
    throw refuse(`"${grant.holder}" has claimed it for ${grant.expiresAt - now} ms more`);
}

/** As people and swarms read it. */
export function toOffer(record: OfferRecord, now: number): Offer {
  const { id, namespace, lender, region, resources, pricePerHour, expiresAt, grant, withdrawn } = record;
  const claim = isLive(grant, now)
    ? { borrower: grant.holder, token: grant.token, until: new Date(grant.expiresAt).toISOString() }
    : undefined;
  const isOver = withdrawn || now >= expiresAt;
  return {
    ...{ id, namespace, lender, region, resources, pricePerHour },
    state: claim ? 'claimed' : isOver ? 'ended' : 'open',
    expiresAt: new Date(expiresAt).toISOString(),
    ...(claim ? { claim } : {}),
  };
}

/** When time alone changes what it is; undefined where nothing is to come. Epoch ms. */
export function nextChangeOf({ grant, expiresAt, withdrawn }: OfferRecord, now: number): number | undefined {
  if (isLive(grant, now)) return grant.expiresAt;
  return withdrawn || now >= expiresAt ? undefined : expiresAt;
}
