import fc from 'fast-check';
import { parses, spoiledJson } from '../../test/support/spoiled-json';
import { LIMITS } from '@multiswarm/contracts';
import { jsonChunks } from './json-chunks';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What comes through, or why it does not. */
async function passed(given: string | Buffer, size = 3): Promise<string> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of jsonChunks(inPieces(Buffer.from(given), size))) chunks.push(chunk);
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-json' });
    return `refused: ${(error as Error).message}`;
  }
  return Buffer.concat(chunks).toString();
}

test('what JSON.stringify writes comes through as it is, however it is spaced and cut', async () => {
  const property = fc.asyncProperty(
    fc.jsonValue(),
    fc.nat(4),
    fc.integer({ min: 1, max: 9 }),
    async (value, indent, size) => {
      const text = JSON.stringify(value, null, indent);
      expect(await passed(text, size)).toBe(text);
    },
  );
  await fc.assert(property);
});

test('it agrees with JSON.parse about every text that differs from JSON in one place', async () => {
  await fc.assert(
    fc.asyncProperty(spoiledJson, fc.integer({ min: 1, max: 5 }), async (text, size) => {
      const spoiled = Buffer.from(text).toString();
      const isBare = spoiled.trim() === ''; // who stores it says that there is nothing
      expect((await passed(spoiled, size)) === spoiled).toBe(parses(spoiled) || (isBare && spoiled === ''));
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['{"a": 1,\n "é😀": tru }', 'line 2, column 9: expected a value'],
  ['[1, 2', 'line 1, column 6: expected , or ]'],
  ['{"a" 1}', 'line 1, column 6: expected :'],
  ['1 2', 'line 1, column 3: expected the end of the text'],
  ['01', 'line 1, column 2: expected the end of the text'],
  ['"a\nb"', 'line 1, column 3: expected an escape such as \\n instead of a control character'],
  ['"\\x"', 'line 1, column 3: expected a valid escape after the backslash'],
  [Buffer.from([0x22, 0xff, 0x22]), 'the body is not valid UTF-8'],
  [Buffer.from([0x22, 0xc3, 0x22]), 'the body is not valid UTF-8'],
])('%p is refused with the place of the fault', async (text, fault) => {
  expect(await passed(text, 2)).toContain(fault);
});

test('it may be nested as deep as any other body, and no level deeper', async () => {
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  expect(await passed(nested(LIMITS.JSON_DEPTH))).toBe(nested(LIMITS.JSON_DEPTH));
  expect(await passed(nested(LIMITS.JSON_DEPTH + 1))).toContain('JSON_DEPTH');
});
