import { CLOSE_IDS, CLOSE_IDS_SCANNED, closeIds, editDistance } from './close-ids';

test.each([
  ['us-east-1', 'us-east-1', 0],
  ['us-east-1', 'us-west-1', 2],
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
])('"%s" and "%s" are %i edits apart', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test('the closest id comes first, ids that are far off do not come at all', () => {
  expect(closeIds('us-eats-1', ['eu-west-writers', 'us-east-2', 'us-east-1'])).toEqual([
    'us-east-1',
    'us-east-2',
  ]);
});

test('the beginning of an id is close to it', () => {
  expect(closeIds('eu', ['eu-west-writers', 'us-east-1'])).toEqual(['eu-west-writers']);
});

test('at most five ids are suggested, and the search looks at a bounded number of them', () => {
  const many = Array.from({ length: CLOSE_IDS_SCANNED }, (_, index) => `swarm-${index}`);
  expect(closeIds('swarm-1', many)).toHaveLength(CLOSE_IDS);
  expect(closeIds('needle', [...many, 'needle'])).toEqual([]);
});
