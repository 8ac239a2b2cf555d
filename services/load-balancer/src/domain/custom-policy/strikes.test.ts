import { LIMITS } from '@multiswarm/contracts';
import { seededRandom } from '@multiswarm/core';
import { NO_STRIKES, strike, type AfterStrike } from './strikes';

/** What comes of strikes at these times. */
function strikesAt(...times: number[]): AfterStrike[] {
  const random = seededRandom(1);
  let strikes = NO_STRIKES;
  return times.map((nowMs) => {
    const after = strike(strikes, nowMs, random);
    ({ strikes } = after);
    return after.next;
  });
}

test('the second chance comes later than the first, and the third strike is the last', () => {
  const [first, second, third] = strikesAt(0, 1_000, 2_000);
  if (first?.kind !== 'restart' || second?.kind !== 'restart') throw new Error('no second chance');
  expect(first.afterMs).toBeGreaterThanOrEqual(400);
  expect(second.afterMs).toBeGreaterThan(first.afterMs);
  expect(third).toEqual({ kind: 'off' });
});

test('strikes that lie far apart do not add up', () => {
  const often = Array.from({ length: 10 }, (_, index) => index * LIMITS.CUSTOM_POLICY_STRIKES_MS);
  expect(strikesAt(...often).map(({ kind }) => kind)).toEqual(often.map(() => 'restart'));
});
