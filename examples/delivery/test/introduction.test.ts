import { introductionPrompt, readIntroduction, UnusableIntroductionError } from '../llm/introduction';

const FACTS = { project: 'linktrail', version: '1.4.2', uses: 45, lineCoverage: '99.3%' };

test('the prompt carries the facts as data beside the rules', () => {
  const [rules, facts] = introductionPrompt(FACTS);
  expect(rules).toMatchObject({ role: 'system' });
  expect(rules?.content).toContain('Every number that you write must stand in it');
  expect(facts).toEqual({ role: 'user', content: JSON.stringify(FACTS) });
});

test('prose with numbers of the facts is taken as it is', () => {
  const prose = 'linktrail 1.4.2 has 45 uses.\n\nCoverage is 99.3%.';
  expect(readIntroduction(`${prose}\n`, FACTS)).toBe(prose);
});

test('headings, rules and fences are dropped', () => {
  expect(readIntroduction('# Design\n```\nOne.\n---\n## More\nTwo.\n```', FACTS)).toBe('One.\nTwo.');
});

test.each([
  ['an invented number', 'It has 46 uses.', 'the answer has numbers of its own: 46'],
  ['nothing but a heading', '# Design', 'the answer has no prose'],
  ['too much', 'word '.repeat(1_000), 'the prose has 4999 characters, the note takes 4000'],
])('an answer with %s is refused', (_name, answer, message) => {
  expect(() => readIntroduction(answer, FACTS)).toThrow(new UnusableIntroductionError(message));
});

test('facts that are too many for a prompt are refused', () => {
  expect(() => introductionPrompt({ text: 'x'.repeat(30_000) })).toThrow(UnusableIntroductionError);
});
