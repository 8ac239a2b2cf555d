import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { normalizeRequirements, PLACEMENT_RULES, Requirements } from '@multiswarm/contracts';

const text = readFileSync(join(__dirname, '../../../docs/requirements.md'), 'utf8');
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim().replace(/^`|`$/g, '')));

test('the document lists the rules in the order in which they are asked', () => {
  const rules: readonly string[] = PLACEMENT_RULES;
  expect(rows.map(([, first = '']) => first).filter((first) => rules.includes(first))).toEqual([...rules]);
});

const examples = rows.flatMap(([, given = '', becomes = '']) =>
  given.startsWith('{') ? [[given, becomes]] : [],
);

test('the document has examples of the short spelling', () => {
  expect(examples.length).toBeGreaterThanOrEqual(6);
});

test.each(examples)('%s becomes what the document says', (given, becomes) => {
  const rewritten = normalizeRequirements(JSON.parse(given));
  expect(rewritten).toEqual(JSON.parse(becomes));
  expect(Requirements.safeParse(rewritten).success).toBe(true);
});

test('the example of the document is valid', () => {
  const [, json = ''] = /```json\n([\s\S]*?)```/.exec(text) ?? [];
  const { requirements } = JSON.parse(json) as { requirements: unknown };
  expect(Requirements.parse(requirements)).toEqual(requirements);
});
