import fc from 'fast-check';
import { parses, spoiledJson } from '../../test/support/spoiled-json';
import { findJsonFault } from './json-fault';

describe('findJsonFault', () => {
  test('finds no fault in what JSON.stringify writes, however it is spaced', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(8), (value, indent) => {
        expect(findJsonFault(JSON.stringify(value, null, indent))).toBeUndefined();
      }),
    );
  });

  test('agrees with JSON.parse about every text that differs from JSON in one place', () => {
    fc.assert(
      fc.property(spoiledJson, (text) => {
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
