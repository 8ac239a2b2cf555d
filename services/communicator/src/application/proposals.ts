import {
  MultiswarmError,
  type CastVote,
  type GetProposal,
  type MakeProposal,
  type Proposal,
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

  /** @throws MultiswarmError `proposal-not-found` */
  async get(of: GetProposal): Promise<Proposal> {
    const found = await this.ledger.find(keyOf(of));
    if (!found) throw notFound(of);
    return toProposal(found.record, this.clock.now());
  }
}

function keyOf({ namespace, id }: GetProposal): string {
  return `proposal.${namespace}.${id}`;
}

function notFound({ id }: GetProposal): MultiswarmError {
  return new MultiswarmError('proposal-not-found', `there is no proposal "${id}"`);
}
