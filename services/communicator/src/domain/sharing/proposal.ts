import { MultiswarmError, type Proposal } from '@multiswarm/contracts';

/** What is stored of a proposal. Times are epoch ms. */
export interface ProposalRecord extends Omit<Proposal, 'closesAt' | 'votes' | 'state' | 'outcome'> {
  closesAt: number;
  votes: readonly Vote[];
}

interface Vote {
  member: string;
  choice: string;
  at: number;
}

/**
 * A vote: `(record, vote, now) → record`.
 *
 * V1. One vote for each member; the same vote again changes nothing.
 * V2. What is decided takes no further votes, nor does what is over: so what follows from the votes never changes again, and every
 *     reader at any time finds the same outcome.
 */
export function castVote(
  record: ProposalRecord,
  { member, choice }: Omit<Vote, 'at'>,
  now: number,
): ProposalRecord {
  const before = record.votes.find((vote) => vote.member === member);
  if (before?.choice === choice) return record;
  if (before)
    throw new MultiswarmError('already-voted', `"${member}" has voted for "${before.choice}" already`);
  if (!record.members.includes(member))
    throw new MultiswarmError('not-a-member', `"${member}" is none of the members of the proposal`);
  if (!record.choices.includes(choice))
    throw new MultiswarmError(
      'invalid-request',
      `"${choice}" is none of the choices: ${record.choices.join(', ')}`,
    );
  if (isClosed(record, now)) throw new MultiswarmError('proposal-closed', 'the proposal is closed');
  return { ...record, votes: [...record.votes, { member, choice, at: now }] };
}

/** All have voted, the rest cannot change it, or its time is over. */
export function isClosed(record: ProposalRecord, now: number): boolean {
  const { members, votes, closesAt, rule } = record;
  if (now >= closesAt || votes.length === members.length) return true;
  if (rule === 'plurality') return false;
  const most = Math.max(0, ...countsOf(record).values());
  const needed = neededFor(record);
  return most >= needed || most + members.length - votes.length < needed;
}

/** What was chosen, of a proposal that is closed; undefined where nothing was. */
export function outcomeOf(record: ProposalRecord): string | undefined {
  const [first, second] = [...countsOf(record)].sort(([, a], [, b]) => b - a);
  if (!first) return undefined;
  if (record.rule !== 'plurality') return first[1] >= neededFor(record) ? first[0] : undefined;
  return record.votes.length >= record.quorum && first[1] > (second?.[1] ?? 0) ? first[0] : undefined;
}

function neededFor({ rule, members }: ProposalRecord): number {
  return rule === 'unanimous' ? members.length : Math.floor(members.length / 2) + 1;
}

function countsOf({ votes }: ProposalRecord): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { choice } of votes) counts.set(choice, (counts.get(choice) ?? 0) + 1);
  return counts;
}

/** As people and swarms read it. */
export function toProposal({ closesAt, votes, ...rest }: ProposalRecord, now: number): Proposal {
  const record = { closesAt, votes, ...rest };
  const closed = isClosed(record, now);
  const outcome = closed ? outcomeOf(record) : undefined;
  return {
    ...rest,
    closesAt: new Date(closesAt).toISOString(),
    votes: votes.map((vote) => ({ ...vote, at: new Date(vote.at).toISOString() })),
    state: closed ? 'closed' : 'open',
    ...(outcome === undefined ? {} : { outcome }),
  };
}
