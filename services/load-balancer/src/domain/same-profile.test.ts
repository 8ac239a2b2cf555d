import fc from 'fast-check';
import { isSameProfile } from './same-profile';

const value = fc.jsonValue({ maxDepth: 3 });
const profile = fc.record(
  {
    region: fc.constantFrom('a', 'b'),
    labels: value,
    attributes: value,
    types: fc.array(fc.constantFrom('x', 'y')),
  },
  { requiredKeys: [] },
);

test('two profiles are the same exactly where their JSON is, whatever the order of the keys', () => {
  const sorted = (given: unknown): unknown =>
    typeof given === 'object' && given !== null && !Array.isArray(given)
      ? Object.fromEntries(
          Object.entries(given)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, sorted(inner)]),
        )
      : Array.isArray(given)
        ? given.map(sorted)
        : Object.is(given, -0)
          ? 0
          : given;
  fc.assert(
    fc.property(profile, profile, (one, other) => {
      expect(isSameProfile(one, other)).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)));
      expect(isSameProfile(one, structuredClone(one))).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  [{ labels: { a: '1' } }, { labels: { a: '1', b: '2' } }],
  [{ labels: { a: '1', b: '2' } }, { labels: { a: '1' } }],
  [{ types: ['a'] }, { types: ['a', 'b'] }],
  [{ weight: 1 }, {}],
  [{ labels: {} }, { labels: [] }],
])('%j is not %j', (one, other) => {
  expect(isSameProfile(one, other)).toBe(false);
});
