import fc from 'fast-check';
import { NEW_TOKEN, type Grant } from './grant';
import { changeLease, type LeaseCommand, type LeaseRecord } from './lease';
import { changeOffer, toOffer, type OfferCommand, type OfferRecord } from './offer';

/** What somebody believes who got an answer: that it has it, from then until the end that it was told. */
interface Belief {
  holder: string;
  token: number;
  from: number;
  until: number;
}

const holder = fc.constantFrom('a', 'b', 'c');
const wish = fc.record({ holder, claim: fc.constantFrom('1', '2'), ttlMs: fc.integer({ min: 1, max: 20 }) });
const step = fc.record({
  kind: fc.constantFrom('acquire' as const, 'renew' as const, 'release' as const, 'withdraw' as const),
  wish,
  /** How many tokens back the one is that it uses. */
  back: fc.nat(2),
  after: fc.nat(12),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Runs steps as the ledger does: the revision is the token of what was granted newly. */
function run<R extends LeaseRecord>(
  first: R,
  steps: readonly Step[],
  change: (record: R, step: Step, token: number, now: number) => R,
): Belief[] {
  const beliefs: Belief[] = [];
  let record = first;
  let now = 1;
  for (const [index, each] of steps.entries()) {
    now += each.after;
    const tokens = [...new Set(beliefs.map(({ token }) => token))];
    const token = tokens.at(-1 - each.back) ?? 1;
    try {
      const changed = change(record, each, token, now);
      const { grant } = changed;
      record = grant?.token === NEW_TOKEN ? { ...changed, grant: { ...grant, token: index + 1 } } : changed;
    } catch {
      continue;
    }
    believe(beliefs, record.grant, each, token, now);
  }
  return beliefs;
}

function believe(
  beliefs: Belief[],
  grant: Grant | undefined,
  { kind, wish }: Step,
  token: number,
  now: number,
): void {
  const mine = beliefs.findLast((belief) => belief.token === (kind === 'acquire' ? grant?.token : token));
  // Whoever withdraws a lease gives it back: see `toCommand`.
  if ((kind === 'release' || kind === 'withdraw') && mine) mine.until = Math.min(mine.until, now);
  if (grant === undefined || kind === 'release' || kind === 'withdraw') return;
  if (mine) mine.until = Math.max(mine.until, grant.expiresAt);
  else beliefs.push({ holder: wish.holder, token: grant.token, from: now, until: grant.expiresAt });
}

function assertExclusive(beliefs: readonly Belief[]): void {
  beliefs.forEach((belief, index) => {
    const next = beliefs[index + 1];
    if (!next) return;
    expect(next.token).toBeGreaterThan(belief.token);
    expect(next.from).toBeGreaterThanOrEqual(belief.until);
  });
}

const toCommand = ({ kind, wish }: Step, token: number): LeaseCommand =>
  kind === 'acquire'
    ? { kind, wish }
    : { kind: kind === 'renew' ? 'renew' : 'release', holder: wish.holder, token };

test('whatever is asked in whatever order, two never believe to hold a lease at the same time, and tokens grow', () => {
  let most = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const beliefs = run<LeaseRecord>({}, steps, (record, each, token, now) =>
        changeLease(record, toCommand(each, token), now),
      );
      assertExclusive(beliefs);
      most = Math.max(most, beliefs.length);
    }),
  );
  expect(most).toBeGreaterThan(3);
});

const OFFER: OfferRecord = {
  ...{ namespace: 'n', id: 'o-12345678', lender: 'lender', region: 'eu', resources: { cpu: 2 } },
  ...{ pricePerHour: 1, expiresAt: 200, withdrawn: false },
};

test('two never believe to have claimed an offer at the same time, nor beyond it, nor once it was withdrawn', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let withdrawnAt = Infinity;
      const beliefs = run<OfferRecord>(OFFER, steps, (record, each, token, now) => {
        if (each.kind === 'withdraw') withdrawnAt = Math.min(withdrawnAt, now);
        const command: OfferCommand =
          each.kind === 'acquire'
            ? { kind: 'claim', wish: each.wish }
            : each.kind === 'withdraw'
              ? { kind: 'withdraw', lender: 'lender' }
              : { kind: each.kind, holder: each.wish.holder, token };
        return changeOffer(record, command, now);
      });
      assertExclusive(beliefs);
      for (const { from, until } of beliefs) {
        expect(until).toBeLessThanOrEqual(OFFER.expiresAt);
        expect(from).toBeLessThanOrEqual(withdrawnAt);
      }
    }),
  );
});

test('a claim whose answer was lost is the same when it is asked for again, and another wish is refused', () => {
  const mine = { holder: 'a', claim: '1', ttlMs: 10 };
  const claimed = changeOffer(OFFER, { kind: 'claim', wish: mine }, 5);
  expect(changeOffer(claimed, { kind: 'claim', wish: mine }, 6)).toBe(claimed);
  const refused = (holder: string, claim: string): void =>
    void expect(() => changeOffer(claimed, { kind: 'claim', wish: { ...mine, holder, claim } }, 6)).toThrow(
      'has claimed it',
    );
  refused('b', '1');
  refused('a', '2');
  expect(() => changeOffer(OFFER, { kind: 'claim', wish: { ...mine, holder: 'lender' } }, 5)).toThrow(
    'itself',
  );
  expect(toOffer(claimed, 6)).toMatchObject({ state: 'claimed', claim: { borrower: 'a' } });
  expect(toOffer(claimed, 15)).toMatchObject({ state: 'open' });
  expect(toOffer(claimed, 200)).toMatchObject({ state: 'ended' });
});

test('who was late finds its lease lost', () => {
  const held = changeLease({}, { kind: 'acquire', wish: { holder: 'a', claim: '1', ttlMs: 10 } }, 0);
  const record = { grant: { ...held.grant!, token: 7 } };
  expect(changeLease(record, { kind: 'renew', holder: 'a', token: 7 }, 9).grant?.expiresAt).toBe(19);
  for (const [command, now] of [
    [{ kind: 'renew', holder: 'a', token: 7 }, 10],
    [{ kind: 'renew', holder: 'a', token: 6 }, 5],
    [{ kind: 'release', holder: 'b', token: 7 }, 5],
  ] as const)
    expect(() => changeLease(record, command, now)).toThrow('any more');
});
