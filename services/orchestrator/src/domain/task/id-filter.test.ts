import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { IdFilter } from './id-filter';

test('an id that was added is never said to be unknown', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 40 }), { maxLength: 300 }),
      fc.integer({ min: 1, max: 200 }),
      (ids, capacity) => {
        const filter = new IdFilter(capacity);
        for (const id of ids) filter.add(id);
        expect(ids.every((id) => filter.mayHave(id))).toBe(true);
      },
    ),
  );
});

test('full to its capacity it takes about one unknown id in a thousand for a known one', () => {
  const idOf = (text: string): string => `t3-${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
  const filter = new IdFilter(20_000);
  for (let count = 0; count < filter.capacity; count += 1) filter.add(idOf(`known ${count}`));
  let mistaken = 0;
  for (let count = 0; count < 50_000; count += 1) if (filter.mayHave(idOf(`new ${count}`))) mistaken += 1;
  expect(mistaken).toBeLessThan(50_000 * 0.003);
});

test('an empty filter knows nothing', () => {
  expect(new IdFilter(10).mayHave('t0-00000001')).toBe(false);
});
