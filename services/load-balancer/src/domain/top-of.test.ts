import fc from 'fast-check';
import { topOf } from './top-of';

test('gives what a stable sort would put first', () => {
  const pair = fc.record({ rank: fc.integer({ min: 0, max: 5 }), name: fc.string() });
  fc.assert(
    fc.property(fc.array(pair), fc.integer({ min: 1, max: 6 }), (items, count) => {
      const compare = (a: { rank: number }, b: { rank: number }) => a.rank - b.rank;
      expect(topOf(items, count, compare)).toEqual([...items].sort(compare).slice(0, count));
    }),
  );
});
