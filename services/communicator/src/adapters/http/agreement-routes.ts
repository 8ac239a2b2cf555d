import {
  AtBarrier,
  Barrier,
  CastVote,
  GetBarrier,
  GetProposal,
  ListProposals,
  MakeProposal,
  Proposal,
  ProposalPage,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import type { Barriers } from '../../application/barriers';
import type { Proposals } from '../../application/proposals';

const common = ['state-unavailable', 'feature-not-available', 'too-much-contention'] as const;
const OfProposal = GetProposal.pick({ id: true });
const OfBarrier = GetBarrier.pick({ name: true });

/** Proposals that members vote on. */
export function proposalRoutes(proposals: Proposals): Route[] {
  const tags = ['proposals'];
  return [
    defineRoute({
      method: 'post',
      path: '/v1/proposals',
      summary: 'Propose something that members vote on',
      tags,
      body: MakeProposal,
      reply: Proposal,
      status: 201,
      errors: common,
      handler: async ({ body }) => {
        const proposal = await proposals.make(body);
        return { status: 201, headers: { location: `/v1/proposals/${proposal.id}` }, body: proposal };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/proposals',
      summary: 'Proposals with their votes, the newest first, as long as they are kept',
      tags,
      query: ListProposals,
      reply: ProposalPage,
      errors: common,
      handler: ({ query }) => proposals.list(query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/proposals/:id',
      summary: 'A proposal with its votes, in the order in which they were stored, and its outcome',
      tags,
      params: OfProposal,
      query: GetProposal.pick({ namespace: true }),
      reply: Proposal,
      errors: [...common, 'proposal-not-found'],
      handler: ({ params, query }) => proposals.get({ ...params, ...query }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/proposals/:id/votes',
      summary: 'Vote, once; the same vote again changes nothing',
      tags,
      params: OfProposal,
      body: CastVote.omit({ id: true }),
      reply: Proposal,
      errors: [...common, 'proposal-not-found', 'proposal-closed', 'already-voted', 'not-a-member'],
      handler: ({ params, body }) => proposals.vote({ ...params, ...body }),
    }),
  ];
}

/** Barriers at which members wait for each other. */
export function barrierRoutes(barriers: Barriers): Route[] {
  const tags = ['barriers'];
  return [
    defineRoute({
      method: 'get',
      path: '/v1/barriers/:name',
      summary: 'Who has arrived at a barrier, and in which round it is',
      tags,
      params: OfBarrier,
      query: GetBarrier.omit({ name: true }),
      reply: Barrier,
      errors: common,
      handler: ({ params, query }) => barriers.get({ ...params, ...query }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/barriers/:name/arrive',
      summary: 'Arrive in a round; when all have, the round grows',
      tags,
      params: OfBarrier,
      body: AtBarrier.omit({ name: true }),
      reply: Barrier,
      errors: common,
      handler: ({ params, body }) => barriers.arrive({ ...params, ...body }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/barriers/:name/leave',
      summary: 'Leave a round before it is complete',
      tags,
      params: OfBarrier,
      body: AtBarrier.omit({ name: true }),
      reply: Barrier,
      errors: common,
      handler: ({ params, body }) => barriers.leave({ ...params, ...body }),
    }),
  ];
}
