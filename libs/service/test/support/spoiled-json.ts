import fc from 'fast-check';

const SPOILERS = [
  ...['', ',', '}', ']', '"', ':', '\\', '{', '[', '0', '-', '.', 'e', 'E+1', '\\u00'],
  ...['true', 'nul', '\n', '\u0001', 'x', '\ufeff'],
];

/** Texts that differ from JSON in one place, or not at all. */
export const spoiledJson: fc.Arbitrary<string> = fc
  .tuple(fc.jsonValue(), fc.nat(), fc.nat(2), fc.constantFrom(...SPOILERS))
  .map(([value, where, removed, added]) => {
    const json = JSON.stringify(value);
    const at = where % (json.length + 1);
    return json.slice(0, at) + added + json.slice(at + removed);
  });

/** Whether `JSON.parse` takes it. */
export function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
