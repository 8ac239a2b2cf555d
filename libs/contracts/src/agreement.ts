import { z } from 'zod';
import { Json } from './json';
import { LIMITS } from './limits';
import { Instant, Namespace, SwarmId, Token } from './names';

const inNamespace = { namespace: Namespace.default('default') };
const Members = z.array(SwarmId).min(1).max(LIMITS.PROPOSAL_MEMBERS);
const Choice = z.string().min(1).max(LIMITS.NAME_CHARS);

export const ProposalId = z.string().regex(/^p-[0-9a-z]{8,40}$/, 'a proposal id looks like p-0198c2...');
export const PROPOSAL_STATES = ['open', 'closed'] as const;
/** `majority` and `unanimous` are of the members; `plurality`: the most votes, where the quorum has voted. */
export const PROPOSAL_RULES = ['majority', 'unanimous', 'plurality'] as const;

/** Something that members vote on: each once, until it is decided or its time is over. */
export const MakeProposal = z.strictObject({
  ...inNamespace,
  proposer: SwarmId,
  question: z.string().min(1).max(LIMITS.METADATA_VALUE_CHARS),
  data: Json.optional().describe('whatever the members need to know'),
  members: Members,
  choices: z.array(Choice).min(2).max(LIMITS.PROPOSAL_CHOICES).default(['yes', 'no']),
  rule: z.enum(PROPOSAL_RULES).default('majority'),
  quorum: z.number().int().min(1).default(1).describe('for plurality: so many have to vote'),
  ttlMs: z.number().int().min(LIMITS.LEASE_LEAST_MS).max(LIMITS.OFFER_MOST_MS),
});
export type MakeProposal = z.infer<typeof MakeProposal>;

export const ProposalVote = z.object({ member: SwarmId, choice: Choice, at: Instant });
export const Proposal = z.object({
  id: ProposalId,
  namespace: Namespace,
  proposer: SwarmId,
  question: z.string(),
  data: Json.optional(),
  members: Members,
  choices: z.array(Choice),
  rule: z.enum(PROPOSAL_RULES),
  quorum: z.number().int().positive(),
  closesAt: Instant,
  votes: z.array(ProposalVote).describe('in the order in which they were stored'),
  state: z.enum(PROPOSAL_STATES),
  outcome: Choice.optional().describe('missing while it is open, and where nothing was chosen'),
});
export type Proposal = z.infer<typeof Proposal>;
export const CastVote = z.strictObject({ ...inNamespace, id: ProposalId, member: SwarmId, choice: Choice });
export type CastVote = z.infer<typeof CastVote>;
export const GetProposal = z.strictObject({ ...inNamespace, id: ProposalId });
export type GetProposal = z.infer<typeof GetProposal>;

/** Proposals as long as they are kept, the newest first. */
export const ListProposals = z.strictObject({
  ...inNamespace,
  state: z.enum(PROPOSAL_STATES).optional(),
  proposer: SwarmId.optional(),
  member: SwarmId.optional().describe('who may vote'),
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(100),
  cursor: ProposalId.optional().describe('"next" of the page before'),
});
export type ListProposals = z.infer<typeof ListProposals>;
export const ProposalPage = z.object({ items: z.array(Proposal), next: z.string().nullable() });
export type ProposalPage = z.infer<typeof ProposalPage>;

/** Members that wait for each other: when so many have arrived, all go on, and the next round begins. */
export const Barrier = z.object({
  name: Token,
  parties: z.number().int().positive(),
  round: z.number().int().nonnegative().describe('grows when all have arrived'),
  arrived: z.array(SwarmId),
});
export type Barrier = z.infer<typeof Barrier>;
/** Arrives in one round, or leaves it before it is complete; in a round that is over nothing changes. */
export const AtBarrier = z.strictObject({
  ...inNamespace,
  name: Token,
  parties: z.number().int().min(1).max(LIMITS.PROPOSAL_MEMBERS),
  member: SwarmId,
  round: z.number().int().nonnegative(),
});
export type AtBarrier = z.infer<typeof AtBarrier>;
export const GetBarrier = z.strictObject({
  ...inNamespace,
  name: Token,
  parties: z.coerce
    .number()
    .int()
    .min(1)
    .max(LIMITS.PROPOSAL_MEMBERS)
    .default(1)
    .describe('of one that nobody has used yet'),
});
export type GetBarrier = z.infer<typeof GetBarrier>;
