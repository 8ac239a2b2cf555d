import fc from 'fast-check';
import { TextBytes } from './text-bytes';

test('bytes are those of the text, and stay so whatever is written later', () => {
  const texts = fc.array(fc.string({ unit: 'binary', maxLength: 4_000 }), { minLength: 1, maxLength: 60 });
  const large = fc.integer({ min: 1, max: 40_000 }).map((length) => 'é'.repeat(length));
  fc.assert(
    fc.property(fc.tuple(texts, fc.array(large, { maxLength: 8 })), ([some, more]) => {
      const bytes = new TextBytes();
      const all = [...some, ...more, ...some];
      const written = all.map((text) => bytes.of(text));
      all.forEach((text, at) =>
        expect(Buffer.from(written[at] as Uint8Array).equals(Buffer.from(text))).toBe(true),
      );
    }),
    { numRuns: 30 },
  );
});
