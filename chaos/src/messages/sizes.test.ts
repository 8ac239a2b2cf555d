import { OWN_SIZES, readSizes, sizesOf } from './sizes';

test('recorded sizes, in any order, are drawn as often as they were recorded', () => {
  const sizes = sizesOf('log,seq,bytes\na,0,100\na,1,10\nb,0,1000\n', 'flow.csv');
  expect([0, 0.5, 1].map((share) => sizes.at(share))).toEqual([10, 100, 1_000]);
  expect(sizes.at(0.75)).toBe(316); // half way between 100 and 1,000, by their logarithms
  expect(sizes.largest).toBe(1_000);
});

test('the quantiles that are part of the repository are those of the recorded messages', async () => {
  const sizes = await readSizes(OWN_SIZES);
  expect([0, 0.5, 0.99, 1].map((share) => sizes.at(share))).toEqual([45, 725, 9_346, 94_049]);
});

test('a file without sizes, or with something else in their place, is refused by name', () => {
  expect(() => sizesOf('log,seq\na,0\n', 'flow.csv')).toThrow('flow.csv has no column "bytes"');
  expect(() => sizesOf('bytes\nmany\n', 'flow.csv')).toThrow('in the line "many"');
  expect(() => sizesOf('bytes\n', 'flow.csv')).toThrow('no line with bytes');
});
