import fc from 'fast-check';
import { chunkByBytes, jsonBytes } from './chunk-by-bytes';

describe('chunking', () => {
  test('keeps every item in order, and no chunk is over a limit unless one item alone is', () => {
    const items = fc.array(fc.record({ bytes: fc.integer({ min: 0, max: 50 }) }), { maxLength: 60 });
    fc.assert(
      fc.property(
        items,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 10 }),
        (given, maxBytes, maxItems) => {
          const chunks = chunkByBytes(given, ({ bytes }) => bytes, { bytes: maxBytes, items: maxItems });
          expect(chunks.flat()).toEqual(given);
          for (const chunk of chunks) {
            const bytes = chunk.reduce((sum, item) => sum + item.bytes, 0);
            expect(chunk.length).toBeLessThanOrEqual(maxItems);
            expect(chunk.length === 1 || bytes <= maxBytes).toBe(true);
          }
        },
      ),
    );
  });

  test('counts bytes, not characters', () => {
    expect(jsonBytes('漢字')).toBe(8);
  });
});
