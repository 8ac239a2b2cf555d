import fc from 'fast-check';
import { packed, packedBytes, unpacked } from './parcels';

const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const parcels = fc.array(
  fc.record({ label: fc.stringMatching(/^[\x21-\x7e]{0,60}$/), headers: text, data: text }),
  { maxLength: 20 },
);

test('what is packed is what is unpacked, and takes as many bytes as were counted', () => {
  fc.assert(
    fc.property(parcels, (given) => {
      const bytes = given.map(({ label, headers, data }) => ({
        ...{ label, headers: Buffer.from(headers), data: Buffer.from(data) },
      }));
      const pack = packed(bytes);
      expect(unpacked(pack)).toEqual(given);
      expect(pack.length).toBe(bytes.reduce((sum, parcel) => sum + packedBytes(parcel), 0));
    }),
  );
});

test('a pack that was cut, or is none, is refused as a whole', () => {
  const pack = packed(
    [1, 2].map((n) => ({ label: `${n}`, headers: Buffer.alloc(0), data: Buffer.from('data') })),
  );
  for (let end = 1; end < pack.length; end++) {
    if (end === pack.length / 2) continue; // ends with the first of them
    expect(() => unpacked(pack.subarray(0, end))).toThrow(/ends in the middle/);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        unpacked(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-request' });
      }
    }),
  );
});
