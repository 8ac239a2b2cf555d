import fc from 'fast-check';
import { medianOf } from './median';

test('is what stands in the middle of the sorted values, and keeps all of them', () => {
  // `sort` puts -0 before 0, comparisons see no difference: there is one zero here.
  const value = fc.oneof(
    fc.integer({ min: 0, max: 5 }),
    fc.double({ noNaN: true }).map((each) => each + 0),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (given) => {
      const values = Float64Array.from(given);
      const sorted = Float64Array.from(given).sort();
      expect(medianOf(values, values.length)).toBe(sorted[(given.length - 1) >> 1]);
      expect(values.sort()).toEqual(sorted);
    }),
  );
});

test('looks at the first values alone', () => {
  expect(medianOf(Float64Array.of(3, 1, 2, 100, 100, 100), 3)).toBe(2);
});
