import fc from 'fast-check';
import { matchesPattern, Name, RegionPattern, Token } from './names';

/** The same rule by the regular expressions of the language. */
function byRegExp(pattern: string, value: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'))
    .join('[^]*');
  return new RegExp(`^${source}$`).test(value);
}

test('a pattern matches exactly where its regular expression does', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.'), maxLength: 10 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '*', '*'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (given, value) => {
      expect(matchesPattern(given, value)).toBe(byRegExp(given, value));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['eu-*', 'eu-west', true],
  ['eu-*', 'eu-', true],
  ['eu-*', 'europe', false],
  ['*-west', 'eu-west', true],
  ['*', 'anything', true],
  ['a*a', 'a', false],
  ['a*b*a', 'aba', true],
  ['a*bc*c', 'abc', false],
  ['eu.west', 'eu-west', false],
])('pattern %s and %s: %s', (pattern, value, expected) => {
  expect(matchesPattern(pattern, value)).toBe(expected);
});

test('many stars do not make matching slow', () => {
  expect(matchesPattern('*a'.repeat(60) + 'b', 'a'.repeat(100_000))).toBe(false);
});

const ODD = ['.', '*', '>', ' ', '\t', '\r\n', '\n', '\0', '/', '$', 'é', '\u2028', '{', '}'];

test.each(ODD.map((odd) => [JSON.stringify(odd), odd]))('a token with %s in it is refused', (_name, odd) => {
  for (const text of [odd, `a${odd}`, `${odd}a`, `a${odd}b`])
    expect(Token.safeParse(text).success).toBe(false);
});

test('tokens and names start with a letter or digit and have a length', () => {
  for (const schema of [Token, Name]) {
    for (const text of ['', '-a', '_a', '__proto__', '.a', 'a'.repeat(129)])
      expect(schema.safeParse(text).success).toBe(false);
    for (const text of ['a', '7', 'a-b_c', 'A'.repeat(128)])
      expect(schema.safeParse(text).success).toBe(true);
  }
  expect(Name.safeParse('org/model:7b.v1').success).toBe(true);
});

test('a region pattern has stars where a region has letters, and nothing else besides', () => {
  for (const text of ['*', 'eu-*', '*-west', 'us-east'])
    expect(RegionPattern.safeParse(text).success).toBe(true);
  for (const text of ['', '-eu', 'eu?', 'eu.*', '>', 'eu west'])
    expect(RegionPattern.safeParse(text).success).toBe(false);
});
