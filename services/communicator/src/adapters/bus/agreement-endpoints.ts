import {
  AcquireLease,
  AtBarrier,
  CastVote,
  ClaimedOffer,
  ClaimOffer,
  GetBarrier,
  GetLease,
  GetOffer,
  GetProposal,
  HeldLease,
  ListOffers,
  ListProposals,
  MakeOffer,
  MakeProposal,
  subjects,
  WithdrawOffer,
} from '@multiswarm/contracts';
import type { Barriers } from '../../application/barriers';
import type { Leases } from '../../application/leases';
import type { Offers } from '../../application/offers';
import type { Proposals } from '../../application/proposals';
import { endpoint, type Endpoint } from './endpoints';

/** What swarms ask of offers. */
export function offerEndpoints(offers: Offers): Endpoint[] {
  return [
    endpoint(subjects.offer('make'), MakeOffer, (asked) => offers.make(asked)),
    endpoint(subjects.offer('get'), GetOffer, (asked) => offers.get(asked)),
    endpoint(subjects.offer('list'), ListOffers, (asked) => offers.list(asked)),
    endpoint(subjects.offer('claim'), ClaimOffer, (asked) => offers.claim(asked)),
    endpoint(subjects.offer('renew'), ClaimedOffer, (asked) => offers.renew(asked)),
    endpoint(subjects.offer('release'), ClaimedOffer, (asked) => offers.release(asked)),
    endpoint(subjects.offer('withdraw'), WithdrawOffer, (asked) => offers.withdraw(asked)),
  ];
}

/** What swarms ask of leases. */
export function leaseEndpoints(leases: Leases): Endpoint[] {
  return [
    endpoint(subjects.lease('acquire'), AcquireLease, (asked) => leases.acquire(asked)),
    endpoint(subjects.lease('renew'), HeldLease, (asked) => leases.renew(asked)),
    endpoint(subjects.lease('release'), HeldLease, (asked) => leases.release(asked)),
    endpoint(subjects.lease('get'), GetLease, (asked) => leases.get(asked)),
  ];
}

/** What swarms ask of proposals. */
export function proposalEndpoints(proposals: Proposals): Endpoint[] {
  return [
    endpoint(subjects.proposal('make'), MakeProposal, (asked) => proposals.make(asked)),
    endpoint(subjects.proposal('vote'), CastVote, (asked) => proposals.vote(asked)),
    endpoint(subjects.proposal('get'), GetProposal, (asked) => proposals.get(asked)),
    endpoint(subjects.proposal('list'), ListProposals, (asked) => proposals.list(asked)),
  ];
}

/** What swarms ask of barriers. */
export function barrierEndpoints(barriers: Barriers): Endpoint[] {
  return [
    endpoint(subjects.barrier('get'), GetBarrier, (asked) => barriers.get(asked)),
    endpoint(subjects.barrier('arrive'), AtBarrier, (asked) => barriers.arrive(asked)),
    endpoint(subjects.barrier('leave'), AtBarrier, (asked) => barriers.leave(asked)),
  ];
}
