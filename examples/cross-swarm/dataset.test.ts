import fc from 'fast-check';
import { merge, sumPart } from './dataset';

const rows = fc.array(fc.tuple(fc.constantFrom('eu', 'us', 'ap'), fc.integer({ min: 0, max: 1_000 })));

test('the parts together are the whole, however many there are', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 5 }), (all, parts) => {
      const csv = ['region,amount', ...all.map((row) => row.join(','))].join('\n');
      const each = Array.from({ length: parts }, (_, part) => sumPart(csv, part, parts));
      expect(merge(each)).toEqual(sumPart(csv, 0, 1));
      expect(merge(each).rows).toBe(all.length);
    }),
  );
});

test('a row without a number is told', () => {
  expect(() => sumPart('a,b\neu,many', 0, 1)).toThrow('"eu,many"');
});
