import fc from 'fast-check';
import { changeBarrier, type BarrierRecord } from './barrier';
import { castVote, isClosed, outcomeOf, toProposal, type ProposalRecord } from './proposal';

const MEMBERS = ['a', 'b', 'c', 'd', 'e'];
const proposal = fc
  .record({
    rule: fc.constantFrom('majority' as const, 'unanimous' as const, 'plurality' as const),
    quorum: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ rule, quorum }): ProposalRecord => ({
    ...{
      id: 'p-12345678',
      namespace: 'n',
      proposer: 'a',
      question: '?',
      members: MEMBERS,
      choices: ['x', 'y', 'z'],
    },
    ...{ rule, quorum, closesAt: 100, votes: [] },
  }));
const votes = fc.array(
  fc.record({
    member: fc.constantFrom(...MEMBERS, 'stranger'),
    choice: fc.constantFrom('x', 'y', 'z', 'none'),
    after: fc.nat(15),
  }),
  { maxLength: 30 },
);

test('each member counts once, and what is closed never changes again, whoever asks whenever', () => {
  const outcomes = new Set<string | undefined>();
  fc.assert(
    fc.property(proposal, votes, (given, cast) => {
      let record = given;
      let now = 0;
      let decided: { outcome: string | undefined } | undefined;
      for (const { member, choice, after } of cast) {
        now += after;
        try {
          record = castVote(record, { member, choice }, now);
        } catch {
          // refused: it changes nothing
        }
        if (decided) expect(outcomeOf(record)).toBe(decided.outcome);
        else if (isClosed(record, now)) decided = { outcome: outcomeOf(record) };
      }
      const members = record.votes.map((vote) => vote.member);
      expect(new Set(members).size).toBe(members.length);
      expect(members.every((member) => MEMBERS.includes(member))).toBe(true);
      expect(record.votes.every(({ at }) => at < 100)).toBe(true);
      const seen = toProposal(record, 100);
      expect(seen.state).toBe('closed');
      if (decided) expect(seen.outcome).toBe(decided.outcome);
      outcomes.add(seen.outcome);
    }),
  );
  expect(outcomes.size).toBeGreaterThan(2);
});

test('a majority closes as soon as it is there, or cannot be any more', () => {
  const [base] = fc.sample(proposal, 1);
  const open: ProposalRecord = { ...base!, rule: 'majority', members: ['a', 'b', 'c'] };
  const two = castVote(castVote(open, { member: 'a', choice: 'x' }, 1), { member: 'b', choice: 'x' }, 2);
  expect(toProposal(two, 3)).toMatchObject({ state: 'closed', outcome: 'x' });
  expect(castVote(two, { member: 'a', choice: 'x' }, 200)).toBe(two);
  expect(() => castVote(two, { member: 'c', choice: 'y' }, 3)).toThrow('closed');
  expect(() => castVote(two, { member: 'a', choice: 'y' }, 3)).toThrow('already');
  const split = castVote(
    castVote({ ...open, rule: 'unanimous' }, { member: 'a', choice: 'x' }, 1),
    { member: 'b', choice: 'y' },
    2,
  );
  expect(toProposal(split, 3)).toMatchObject({ state: 'closed' });
  expect(toProposal(split, 3).outcome).toBeUndefined();
});

test('a round of a barrier ends when all parties have arrived, however often each says so', () => {
  const step = fc.record({
    kind: fc.constantFrom('arrive' as const, 'arrive' as const, 'leave' as const),
    member: fc.constantFrom('a', 'b', 'c'),
    late: fc.nat(1),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let record: BarrierRecord = { parties: 3, round: 0, arrived: [] };
      for (const { kind, member, late } of steps) {
        const round = Math.max(0, record.round - late);
        const before = record;
        record = changeBarrier(record, { kind, member, parties: 3, round });
        const there = new Set(before.arrived);
        const isLast = kind === 'arrive' && round === before.round && there.add(member).size === 3;
        expect(record.round).toBe(isLast ? before.round + 1 : before.round);
        if (round < before.round) expect(record).toBe(before);
      }
    }),
  );
});
