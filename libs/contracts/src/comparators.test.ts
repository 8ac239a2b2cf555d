import fc from 'fast-check';
import {
  type AttributeConstraint,
  constraintText,
  contradictionIn,
  holds,
  LabelConstraint,
  satisfiesConstraint,
} from './comparators';
import { parse } from './findings';
import { Requirements } from './requirements';

describe('what is declared', () => {
  test.each<[string, unknown, AttributeConstraint, boolean]>([
    ['a number above a bound', 40, { '>': 24 }, true],
    ['a number at a strict bound', 24, { '>': 24 }, false],
    ['a number at a bound', 24, { '>=': 24, '<=': 24 }, true],
    ['a number inside a range', 5, { '>=': 3, '<': 8 }, true],
    ['a number outside of a range', 8, { '>=': 3, '<': 8 }, false],
    ['a text against an ordering', '40', { '>=': 24 }, false],
    ['exactly a number', 24, { '=': 24 }, true],
    ['more than exactly a number', 25, { '=': 24 }, false],
    ['a number as text', '24', { '=': 24 }, false],
    ['one of a list', 'b', { in: ['a', 'b'] }, true],
    ['none of a list', 'c', { in: ['a', 'b'] }, false],
    ['not one of a list', 'c', { 'not in': ['a', 'b'] }, true],
    ['one of a list that is ruled out', 'a', { 'not in': ['a', 'b'] }, false],
    ['another value', false, { '!=': true }, true],
    ['the value that is ruled out', true, { '!=': true }, false],
    ['anything where it has to exist', 0, { exists: true }, true],
    ['anything where it must not exist', 0, { exists: false }, false],
    ['nothing where it has to exist', undefined, { exists: true }, false],
    ['nothing where it must not exist', undefined, { exists: false }, true],
    ['nothing where a value is ruled out', undefined, { '!=': 1, 'not in': [2] }, true],
    ['nothing where a value is wanted', undefined, { '=': 1 }, false],
    ['nothing where a bound is wanted', undefined, { '<': 1 }, false],
    ['a list with one item in the range', [1, 5, 10], { '>=': 3, '<': 8 }, true],
    ['a list whose items pass one bound each', [1, 10], { '>=': 3, '<': 8 }, false],
    ['a list with an item that is ruled out', ['a', 'c'], { 'not in': ['a'] }, false],
    ['a list with an item that is wanted and one that is ruled out', [5, 7], { '>=': 3, '!=': 7 }, false],
    ['an empty list where it has to exist', [], { exists: true }, false],
  ])('%s', (_, declared, constraint, passes) => {
    expect(satisfiesConstraint(declared as number, constraint)).toBe(passes);
  });
});

test('a constraint reads as a sentence', () => {
  expect(constraintText({ '>=': 24, '<': 100, 'not in': [32, 64] })).toBe(
    '< 100 and >= 24 and not in 32, 64',
  );
  expect(constraintText({ exists: true })).toBe('exists');
  expect(constraintText({ exists: false })).toBe('does not exist');
  expect(constraintText({ in: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] })).toBe('in a, b, c, d, e and 2 more');
});

test.each<[string, unknown, string]>([
  ['nothing at all', {}, 'say what is asked'],
  ['bounds that leave nothing', { '>=': 5, '<': 3 }, '< 3 and >= 5: no value can be all of this'],
  ['strict bounds around one number', { '>': 3, '<': 3 }, 'no value'],
  ['a bound whose only number is ruled out', { '>=': 3, '<=': 3, '!=': 3 }, 'no value'],
  ['two equalities', { '=': 'a', in: ['b', 'c'] }, 'no value'],
  ['a list of which all are ruled out', { in: ['a', 'b'], 'not in': ['b', 'a'] }, 'no value'],
  ['a text with an order', { '=': 'a', '>': 1 }, 'no value'],
  ['a value of what does not exist', { exists: false, '=': 1 }, 'what does not exist has no value'],
  ['an empty list', { in: [] }, 'at least 1'],
  ['an entry that is in a list twice', { in: ['a', 'b', 'a'] }, 'twice'],
  ['an order of texts', { '>': 'a' }, 'expected a number'],
  ['not a number', { '>': NaN }, 'expected a number'],
  ['an infinite number', { '<=': Infinity }, 'expected a number'],
  ['an unknown comparator', { '~': 1 }, '~'],
])('%s is refused, with what is wrong with it', (_, constraint, message) => {
  const read = parse(Requirements, { attributes: { vram: constraint } });
  expect(read.ok ? '' : JSON.stringify(read.findings)).toContain(message);
  expect(read.ok).toBe(false);
  if (!read.ok) expect(read.findings[0]?.pointer).toMatch(/^\/attributes\/vram/);
});

test('labels know no order, and no numbers', () => {
  expect(LabelConstraint.safeParse({ in: ['a'], 'not in': ['b'] }).success).toBe(true);
  expect(LabelConstraint.safeParse({ '>': 1 }).success).toBe(false);
  expect(LabelConstraint.safeParse({ '=': 1 }).success).toBe(false);
  expect(LabelConstraint.safeParse({ '=': 'a', '!=': 'a' }).success).toBe(false);
});

const value = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom('a', 'b', true));
const values = fc.uniqueArray(value, { minLength: 1, maxLength: 3 });
const bound = fc.integer({ min: 0, max: 4 });
const constraint = fc.record(
  {
    ...{ '=': value, '!=': value, in: values, 'not in': values },
    ...{ '<': bound, '<=': bound, '>': bound, '>=': bound },
  },
  { requiredKeys: [] },
) as fc.Arbitrary<AttributeConstraint>;
/** Whatever the small constraints may mean: between two whole bounds there is a half. */
const UNIVERSE = [-1, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 'a', 'b', 'c', true, false];

test('a constraint contradicts itself where no value whatever holds, and only there', () => {
  let contradictions = 0;
  fc.assert(
    fc.property(constraint, (given) => {
      const contradiction = contradictionIn(given);
      if (contradiction !== undefined) contradictions += 1;
      expect(contradiction !== undefined).toBe(!UNIVERSE.some((each) => holds(given, each)));
    }),
    { numRuns: 2_000 },
  );
  expect(contradictions).toBeGreaterThan(200);
});

test('one value satisfies a constraint where it holds', () => {
  fc.assert(
    fc.property(constraint, fc.constantFrom(...UNIVERSE), (given, each) => {
      expect(satisfiesConstraint(each, given)).toBe(holds(given, each));
      expect(satisfiesConstraint([each], given)).toBe(holds(given, each));
    }),
  );
});
