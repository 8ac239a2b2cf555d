import {
  ClaimedOffer,
  ClaimOffer,
  ListOffers,
  MakeOffer,
  Offer,
  OfferId,
  OfferPage,
  WithdrawOffer,
} from '@multiswarm/contracts';
import { defineRoute, defineStreamRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Offers } from '../../application/offers';
import type { Watching } from './watching';

const tags = ['offers'];
const Params = z.object({ id: OfferId });
const common = ['state-unavailable', 'feature-not-available', 'too-much-contention'] as const;
const ofOne = [...common, 'offer-not-found'] as const;

/** Resources that swarms lend to each other. */
export function offerRoutes(offers: Offers, watching: Watching): Route[] {
  return [
    watchRoute(offers, watching),
    defineRoute({
      method: 'get',
      path: '/v1/offers',
      summary: 'Offers that are open or claimed; `state=ended` lists the others, as long as they are kept',
      tags,
      query: ListOffers,
      reply: OfferPage,
      errors: common,
      handler: ({ query }) => offers.list(query),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/offers',
      summary: 'Offer spare resources of a swarm for a while',
      tags,
      body: MakeOffer,
      reply: Offer,
      status: 201,
      errors: [...common, 'state-full'],
      handler: async ({ body }) => {
        const offer = await offers.make(body);
        return { status: 201, headers: { location: `/v1/offers/${offer.id}` }, body: offer };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/offers/:id',
      summary: 'One offer, and who has claimed it',
      tags,
      params: Params,
      query: ListOffers.pick({ namespace: true }),
      reply: Offer,
      errors: ofOne,
      handler: ({ params, query }) => offers.get({ ...params, ...query }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/offers/:id/claim',
      summary: 'Claim it: one claimant at most gets it',
      description: 'With the same `claim` again the answer is that of the first time, as long as it holds.',
      tags,
      params: Params,
      body: ClaimOffer.omit({ id: true }),
      reply: Offer,
      errors: [...ofOne, 'offer-taken'],
      handler: ({ params, body }) => offers.claim({ ...params, ...body }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/offers/:id/renew',
      summary: 'Hold a claim for longer, under its token',
      tags,
      params: Params,
      body: ClaimedOffer.omit({ id: true }),
      reply: Offer,
      errors: [...ofOne, 'lease-lost'],
      handler: ({ params, body }) => offers.renew({ ...params, ...body }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/offers/:id/release',
      summary: 'Give a claim back, under its token',
      tags,
      params: Params,
      body: ClaimedOffer.omit({ id: true }),
      reply: Offer,
      errors: [...ofOne, 'lease-lost'],
      handler: ({ params, body }) => offers.release({ ...params, ...body }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/offers/:id/withdraw',
      summary: 'Take an offer back; what is claimed stays so until its claim ends',
      tags,
      params: Params,
      body: WithdrawOffer.omit({ id: true }),
      reply: Offer,
      errors: [...ofOne, 'offer-taken'],
      handler: ({ params, body }) => offers.withdraw({ ...params, ...body }),
    }),
  ];
}

function watchRoute(offers: Offers, watching: Watching): Route {
  return defineStreamRoute({
    method: 'get',
    path: '/v1/offers/watch',
    summary: 'Offers and what becomes of them (SSE): events `put` and `delete`',
    description:
      'First come those that fit, then `synced`, then what changes: `put` with an offer that fits, as it is now, and `delete` with one that fits no ' +
      'more, as it is now. Claims that run out and offers whose time is over are told, too. After a break all comes again.',
    tags,
    query: ListOffers,
    errors: [...common, 'too-many-watchers'],
    handler: (_request, response, { query }) =>
      watching.stream(
        response,
        () => offers.watch(query),
        (news) => ({ event: news.kind, data: news.kind === 'synced' ? {} : news.offer }),
      ),
  });
}
