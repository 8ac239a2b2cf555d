import fc from 'fast-check';
import { PROCESSED_KNOWN, ProcessedIds } from './processed-ids';

test('the newest ids are known, also by whoever reads them again, and no others', () => {
  const batches = fc.array(fc.array(fc.nat({ max: 3_000 }).map(String), { maxLength: 300 }), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(batches, fc.array(fc.nat({ max: 6_000 }).map(String), { maxLength: 20 }), (given, others) => {
      const all = given.flat();
      let processed = new ProcessedIds();
      for (const ids of given) processed = new ProcessedIds(String(processed.with(ids)));
      const newest = new Set(all.slice(-PROCESSED_KNOWN));
      for (const id of [...all.slice(-5), ...all.slice(0, 5), ...others])
        expect(processed.has(id)).toBe(newest.has(id));
      expect(String(processed)).toMatch(/^[\w-]{0,12000}$/);
    }),
    { numRuns: 50 },
  );
});
