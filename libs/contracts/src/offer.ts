import { z } from 'zod';
import { LIMITS } from './limits';
import { Instant, Millis, Namespace, Region, SwarmId, Token } from './names';
import { Resources } from './requirements';

const inNamespace = { namespace: Namespace.default('default') };
export const OfferId = z.string().regex(/^o-[0-9a-z]{8,40}$/, 'an offer id looks like o-0198c2...');
const Price = z.number().nonnegative().describe('USD per hour, for all of it');

/** Spare resources that a swarm lends to another one for a while. */
export const MakeOffer = z.strictObject({
  ...inNamespace,
  lender: SwarmId,
  region: Region,
  resources: Resources,
  pricePerHour: Price.default(0),
  ttlMs: z
    .number()
    .int()
    .min(LIMITS.LEASE_LEAST_MS)
    .max(LIMITS.OFFER_MOST_MS)
    .default(LIMITS.OFFER_BY_DEFAULT_MS),
});
export type MakeOffer = z.infer<typeof MakeOffer>;

export const OfferClaim = z.object({
  borrower: SwarmId,
  token: z.number().int().positive().describe('grows with every claim of any offer'),
  until: Instant.describe(
    'the resources are the borrower’s until then, unless it renews or releases the claim',
  ),
});
export type OfferClaim = z.infer<typeof OfferClaim>;

export const OFFER_STATES = ['open', 'claimed', 'ended'] as const;
export const Offer = z.object({
  id: OfferId,
  namespace: Namespace,
  lender: SwarmId,
  region: Region,
  resources: Resources,
  pricePerHour: Price,
  state: z.enum(OFFER_STATES).describe('ended: withdrawn, or its time is over'),
  expiresAt: Instant,
  claim: OfferClaim.optional(),
});
export type Offer = z.infer<typeof Offer>;

/** An offer as it is in its bucket, for its lender. Times are epoch ms. */
export const StoredOffer = z.object({
  id: OfferId,
  lender: SwarmId,
  resources: Resources,
  grant: z.object({ holder: SwarmId, expiresAt: Millis }).optional(),
});
export type StoredOffer = z.infer<typeof StoredOffer>;

export const ListOffers = z.strictObject({
  ...inNamespace,
  lender: SwarmId.optional(),
  borrower: SwarmId.optional(),
  region: Region.optional(),
  state: z.enum(OFFER_STATES).optional(),
  maxPrice: z.coerce.number().nonnegative().optional(),
});
export type ListOffers = z.infer<typeof ListOffers>;
export const OfferPage = z.object({ items: z.array(Offer) });
export type OfferPage = z.infer<typeof OfferPage>;

export const GetOffer = z.strictObject({ ...inNamespace, id: OfferId });
export type GetOffer = z.infer<typeof GetOffer>;
/** `claim` is equal for repetitions of one wish. */
export const ClaimOffer = z.strictObject({
  ...inNamespace,
  id: OfferId,
  borrower: SwarmId,
  claim: Token,
  ttlMs: z
    .number()
    .int()
    .min(LIMITS.LEASE_LEAST_MS)
    .max(LIMITS.LEASE_MOST_MS)
    .default(LIMITS.LEASE_BY_DEFAULT_MS),
});
export type ClaimOffer = z.infer<typeof ClaimOffer>;
/** Renews or releases a claim. */
export const ClaimedOffer = z.strictObject({
  ...inNamespace,
  id: OfferId,
  borrower: SwarmId,
  token: z.number().int().positive(),
});
export type ClaimedOffer = z.infer<typeof ClaimedOffer>;
/** Takes it back: at once where nobody has claimed it, else when the claim ends; it cannot be renewed. */
export const WithdrawOffer = z.strictObject({ ...inNamespace, id: OfferId, lender: SwarmId });
export type WithdrawOffer = z.infer<typeof WithdrawOffer>;
