import fc from 'fast-check';
import { findJsonFault } from './json-fault';

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('findJsonFault', () => {
  test('finds no fault in what JSON.stringify writes, however it is spaced', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(8), (value, indent) => {
        expect(findJsonFault(JSON.stringify(value, null, indent))).toBeUndefined();
      }),
    );
  });

  test('agrees with JSON.parse about every text that differs from JSON in one place', () => {
    const spoiler = fc.constantFrom(
      '',
      ',',
      '}',
      ']',
      '"',
      ':',
      '\\',
      '{',
      '[',
      '0',
      '-',
      '.',
      'e',
      'true',
      '\n',
      'x',
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), fc.nat(2), spoiler, (value, where, removed, added) => {
        const json = JSON.stringify(value);
        const at = where % (json.length + 1);
        const text = json.slice(0, at) + added + json.slice(at + removed);
        expect(findJsonFault(text) === undefined).toBe(parses(text));
      }),
      { numRuns: 3_000 },
    );
  });

  test.each([
    ['{"a": 1,}', 1, 9, 'a property name in double quotes'],
    ['{"a": 1\n "b": 2}', 2, 2, ', or }'],
    ['[1 2]', 1, 4, ', or ]'],
    ['{a: 1}', 1, 2, 'a property name in double quotes, or }'],
    ['{"a" 1}', 1, 6, ':'],
    ['', 1, 1, 'a value'],
    ['"abc', 1, 5, 'the closing quote of the string'],
    ['{} x', 1, 4, 'the end of the text'],
    ["{'a': 1}", 1, 2, 'a property name in double quotes, or }'],
  ])('%j: line %i, column %i, expected %s', (text, line, column, expected) => {
    expect(findJsonFault(text)).toMatchObject({ line, column, expected });
  });

  test('does not overflow on deep nesting', () => {
    expect(findJsonFault('['.repeat(200_000))).toMatchObject({ offset: 200_000 });
  });
});
