import {
  LIMITS,
  MultiswarmError,
  type CastVote,
  type GetProposal,
  type ListProposals,
  type MakeProposal,
  type Proposal,
  type ProposalPage,
} from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import { castVote, toProposal, type ProposalRecord } from '../domain/sharing/proposal';
import type { Ledger } from './ledger';

/** Proposals, each one record with its votes: they are stored in one order, and whatever closes it is in it. */
export class Proposals {
  constructor(
    private readonly ledger: Ledger<ProposalRecord>,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async make({ ttlMs, ...given }: MakeProposal): Promise<Proposal> {
    const now = this.clock.now();
    const members = [...new Set(given.members)];
    const record = { ...given, members, id: `p-${this.ids.next()}`, closesAt: now + ttlMs, votes: [] };
    await this.ledger.change(keyOf(record), () => record);
    return toProposal(record, now);
  }

  /** @throws MultiswarmError `proposal-not-found`, `proposal-closed`, `already-voted`, `not-a-member` */
  async vote({ member, choice, ...of }: CastVote): Promise<Proposal> {
    const { record } = await this.ledger.change(keyOf(of), (found) => {
      if (!found) throw notFound(of);
      return castVote(found.record, { member, choice }, this.clock.now());
    });
    return toProposal(record, this.clock.now());
  }

  /** The newest first: ids grow with time. */
  async list({ namespace, state, proposer, member, limit, cursor }: ListProposals): Promise<ProposalPage> {
    const now = this.clock.now();
    const all = (await this.ledger.list(`proposal.${namespace}.*`)).map(({ record }) =>
      toProposal(record, now),
    );
    const found = all
      .filter(
        (each) =>
          (cursor === undefined || each.id < cursor) &&
          (state === undefined || each.state === state) &&
          (proposer === undefined || each.proposer === proposer) &&
          (member === undefined || each.members.includes(member)),
      )
      .sort((a, b) => (a.id < b.id ? 1 : -1));
    const items = fitting(found.slice(0, limit));
    return { items, next: items.length < found.length ? (items.at(-1)?.id ?? null) : null };
  }

  /** @throws MultiswarmError `proposal-not-found` */
  async get(of: GetProposal): Promise<Proposal> {
    const found = await this.ledger.find(keyOf(of));
    if (!found) throw notFound(of);
    return toProposal(found.record, this.clock.now());
  }
}

/** As many of the first as fit an answer; one at least. */
function fitting(proposals: readonly Proposal[]): Proposal[] {
  let bytes = 0;
  return proposals.filter((each, index) => {
    bytes += Buffer.byteLength(JSON.stringify(each));
    return index === 0 || bytes <= LIMITS.SHARED_PAGE_BYTES;
  });
}

function keyOf({ namespace, id }: GetProposal): string {
  return `proposal.${namespace}.${id}`;
}

function notFound({ id }: GetProposal): MultiswarmError {
  return new MultiswarmError('proposal-not-found', `there is no proposal "${id}"`);
}
