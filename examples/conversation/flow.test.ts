import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFlow } from './flow';

const sample = readFileSync(join(__dirname, 'flow.csv'), 'utf8');

test('who speaks first plans, who speaks last criticises, the others work', () => {
  const [first] = readFlow(sample);
  expect(first?.map(({ role }) => role)).toEqual(['planner', 'worker', 'worker', 'planner', 'critic']);
  expect(first?.map(({ turn }) => turn)).toEqual([0, 1, 2, 3, 4]);
});

test.each([
  ['a,b\n', 'first line'],
  [sample.replace(',3,', ',9,'), 'is no turn 3 of release-notes'],
  [sample.replace(/\d+$/m, 'many'), 'line 2 is no turn 0 of release-notes'],
])('what is no flow is refused, with the line', (csv, why) => {
  expect(() => readFlow(csv)).toThrow(why);
});
