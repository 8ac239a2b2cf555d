import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FORCED_STATES, HEALTH_STATES } from '@multiswarm/contracts';
import { THRESHOLDS } from '../src/domain/health/health-settings';

const page = readFileSync(join(__dirname, '../../../docs/health.md'), 'utf8');

/** The first two columns of the table under a heading. */
function rows(heading: string): [string, string][] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return [...own.matchAll(/^\| `([^`]+)` *\| *(.*?) *\|/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
}

test('every threshold is in the page with its value, and nothing that is gone', () => {
  expect(Object.fromEntries(rows('Thresholds').map(([name, value]) => [name, Number(value)]))).toEqual(
    THRESHOLDS,
  );
});

test('every state, and everything that may be forced, is in the page', () => {
  expect(rows('States').map(([name]) => name)).toEqual(expect.arrayContaining([...HEALTH_STATES]));
  expect(rows('By hand').map(([name]) => name)).toEqual(['to', ...FORCED_STATES]);
});
