import type { Bus } from '@multiswarm/bus';
import { buckets, LIMITS } from '@multiswarm/contracts';
import { systemRandom, type Clock, type Ids } from '@multiswarm/core';
import type { Route } from '@multiswarm/service';
import {
  barrierEndpoints,
  leaseEndpoints,
  offerEndpoints,
  proposalEndpoints,
} from './adapters/bus/agreement-endpoints';
import { listenOn } from './adapters/bus/endpoints';
import { stateEndpoints } from './adapters/bus/state-endpoints';
import { barrierRoutes, proposalRoutes } from './adapters/http/agreement-routes';
import { leaseRoutes } from './adapters/http/lease-routes';
import { offerRoutes } from './adapters/http/offer-routes';
import { stateRoutes } from './adapters/http/state-routes';
import { Watching } from './adapters/http/watching';
import { natsBuckets } from './adapters/state/nats-buckets';
import { Barriers } from './application/barriers';
import { Leases } from './application/leases';
import { Ledger } from './application/ledger';
import { Offers } from './application/offers';
import { Proposals } from './application/proposals';
import { SharedState } from './application/shared-state';
import type { BarrierRecord } from './domain/sharing/barrier';
import type { LeaseRecord } from './domain/sharing/lease';
import type { OfferRecord } from './domain/sharing/offer';
import type { ProposalRecord } from './domain/sharing/proposal';

export interface SharingOptions {
  bus: Bus;
  clock: Clock;
  ids: Ids;
  replicas: number;
}

/** Wires all that swarms share with each other, and takes requests for it. */
export function startSharing({ bus, clock, ids, replicas }: SharingOptions): {
  routes: Route[];
  stop(): Promise<void>;
} {
  const store = natsBuckets(bus);
  const state = new SharedState({ store, clock, replicas });
  const common = { store, replicas, clock, random: systemRandom };
  // Longer than anything in it can hold: what is gone is over.
  const offered = { bucket: buckets.offers, keptMs: LIMITS.OFFER_MOST_MS + LIMITS.LEASE_MOST_MS };
  const agreed = { bucket: buckets.agreements, keptMs: LIMITS.AGREEMENT_KEPT_MS };
  const offers = new Offers(new Ledger<OfferRecord>({ ...common, ...offered }), clock, ids);
  const leases = new Leases(new Ledger<LeaseRecord>({ ...common, ...agreed }), clock);
  const proposals = new Proposals(new Ledger<ProposalRecord>({ ...common, ...agreed }), clock, ids);
  const barriers = new Barriers(new Ledger<BarrierRecord>({ ...common, ...agreed }));
  const watching = new Watching();
  const endpoints = listenOn(bus, [
    ...stateEndpoints(state),
    ...offerEndpoints(offers),
    ...leaseEndpoints(leases),
    ...proposalEndpoints(proposals),
    ...barrierEndpoints(barriers),
  ]);
  return {
    routes: [
      ...stateRoutes(state, watching),
      ...offerRoutes(offers, watching),
      ...leaseRoutes(leases),
      ...proposalRoutes(proposals),
      ...barrierRoutes(barriers),
    ],
    stop: () => endpoints.stop(),
  };
}
