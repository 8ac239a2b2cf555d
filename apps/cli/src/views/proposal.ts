import type { Proposal } from '@multiswarm/contracts';
import type { View } from '../output/printer';
import { inTime } from './offer';

export const proposalView: View<Proposal> = {
  name: ({ id }) => id,
  none: 'no proposals',
  columns: ({ now }) => [
    { header: 'PROPOSAL', value: ({ id }) => id },
    { header: 'PROPOSER', value: ({ proposer }) => proposer },
    { header: 'STATE', value: ({ state }) => state },
    { header: 'OUTCOME', value: ({ outcome, state }) => outcome ?? (state === 'open' ? '-' : 'none') },
    { header: 'VOTES', value: ({ votes, members }) => `${votes.length}/${members.length}`, align: 'right' },
    { header: 'RULE', value: ({ rule }) => rule },
    { header: 'CLOSES', value: ({ closesAt, state }) => (state === 'open' ? inTime(closesAt, now) : '-') },
    { header: 'QUESTION', value: ({ question }) => question },
  ],
  detail: (proposal, context) => {
    const { id, question, proposer, rule, quorum, members, choices, votes, state, outcome, closesAt } =
      proposal;
    const missing = members.filter((member) => !votes.some((vote) => vote.member === member));
    const ending =
      state === 'open'
        ? `open, closes ${inTime(closesAt, context.now)}`
        : `closed: ${outcome ?? 'nothing was chosen'}`;
    const counts = choices.map(
      (choice) => `${choice} ${votes.filter((vote) => vote.choice === choice).length}`,
    );
    return [
      `${id}  ${question}`,
      ending,
      `by ${proposer}, ${rule}${rule === 'plurality' ? ` of at least ${quorum}` : ''}`,
      `votes: ${counts.join(', ')}`,
      ...votes.map(({ member, choice, at }) => `  ${at}  ${member}: ${choice}`),
      ...(missing.length === 0 ? [] : [`not voted: ${missing.join(', ')}`]),
      '',
    ].join('\n');
  },
};
