import fc from 'fast-check';
import { LIMITS, type JsonValue } from '@multiswarm/contracts';
import type { RunContext } from '../context';
import { ExpressionError } from './expression-error';
import { compilePath } from './path';

const store = [
  { title: 'a', price: 8.95, tags: ['x'] },
  { title: 'b', price: 12.5, tags: [] },
  { title: 'c', price: 22, tags: ['x', 'y'] },
];

function contextOf(output: JsonValue, more: Partial<RunContext> = {}): RunContext {
  return {
    run: { id: 'r1', name: 'shop', input: { max: 10, wanted: 'x' } },
    steps: { 'fetch-a': { state: 'succeeded', output, error: null } },
    ...more,
  };
}

function compiled(text: string) {
  const result = compilePath(text);
  if (!result.ok) throw new Error(`${text}: ${result.message}`);
  return result.path;
}

const read = (text: string, context = contextOf({ store })): JsonValue => compiled(text).read(context);

test.each<[string, JsonValue]>([
  ["$.steps['fetch-a'].output.store[0].title", 'a'],
  ["$.steps['fetch-a'].output.store[-1].title", 'c'],
  ["$.steps['fetch-a'].state", 'succeeded'],
  ["$.steps['fetch-a'].error", null],
  ['$.run.name', 'shop'],
  ['$.run.input', { max: 10, wanted: 'x' }],
  ["$.steps['fetch-a'].output.store[*].title", ['a', 'b', 'c']],
  ["$.steps['fetch-a'].output..title", ['a', 'b', 'c']],
  ["$.steps['fetch-a'].output.store[0:2].title", ['a', 'b']],
  ["$.steps['fetch-a'].output.store[::-1].title", ['c', 'b', 'a']],
  ["$.steps['fetch-a'].output.store[2:0:-1].title", ['c', 'b']],
  ["$.steps['fetch-a'].output.store[0,2].title", ['a', 'c']],
  ["$.steps['fetch-a'].output.store[::0].title", []],
  ["$.steps['fetch-a'].output.store[?@.price < 10].title", ['a']],
  ["$.steps['fetch-a'].output.store[?@.price > $.run.input.max].title", ['b', 'c']],
  ["$.steps['fetch-a'].output.store[?@.tags[?@ == 'y']].title", ['c']],
  ["$.steps['fetch-a'].output.store[?@.tags[?@ == $.run.input.wanted]].title", ['a', 'c']],
  ["$.steps['fetch-a'].output.store[?count(@.tags[*]) > 1 || length(@.title) > 1].title", ['c']],
  ["$.steps['fetch-a'].output.store[?!(@.price < 10) && value(@..title) == 'b'].title", ['b']],
  ["$.steps['fetch-a'].output.nothing[*]", []],
])('%s reads %j', (text, expected) => {
  expect(read(text)).toEqual(expected);
});

test('of an item of a map there are item and index', () => {
  const context = contextOf(null, { item: { n: 1 }, index: 7 });
  expect(read('$.item.n', context)).toBe(1);
  expect(read('$.index', context)).toBe(7);
  expect(compiled('$.index').readsItem).toBe(true);
  expect(() => read('$.item')).toThrow(new ExpressionError('$.item leads nowhere'));
});

test('a singular path that finds nothing is an error, any other one finds a list', () => {
  expect(() => read("$.steps['fetch-a'].output.store[3]")).toThrow(
    new ExpressionError("$.steps['fetch-a'].output.store[3] leads nowhere"),
  );
  expect(() => read('$.steps.ghost.output')).toThrow('$.steps.ghost.output leads nowhere');
  expect(compiled('$.run.input[*]').singular).toBe(false);
});

test('the steps that a path looks at are known before, also those in filters', () => {
  expect(compiled("$.steps.a.output[?@.x == $.steps['b-c'].output[0]]").steps).toEqual(['a', 'b-c']);
  expect(compiled('$.run.input').steps).toEqual([]);
});

const NAME_A_STEP = "write $.steps.<id> or $.steps['<id>']: which steps are looked at must be known before";
const BEGINNING = 'a path begins with $.run, $.steps.<id>, $.item or $.index';

test.each([
  ['$.steps.a.', /^.+ \(at character \d+\)$/],
  ['$.steps.a[', /^.+ \(at character \d+\)$/],
  ['$.steps[?@.x ==]', /^.+ \(at character \d+\)$/],
  ['$.steps', NAME_A_STEP],
  ['$.steps[*].output', NAME_A_STEP],
  ["$.steps['a','b'].output", NAME_A_STEP],
  ['$.run.input[?@ == $.steps[*].x]', /.+/],
  ['$.run.input[?$.steps[*].x]', NAME_A_STEP],
  ['$', BEGINNING],
  ['$..output', BEGINNING],
  ['$.other', BEGINNING],
  ['$.*', BEGINNING],
  ["$.run.input[?match(@.a, '(a+)+')]", 'there are no regular expressions: their cost has no limit'],
  ["$.run.input[?search(@.a, '(a+)+')]", 'there are no regular expressions: their cost has no limit'],
  ['$.run[?@[?@[?@[?@[?@.a]]]]]', 'has filters in filters more than 4 deep'],
  [`$.run.${'a'.repeat(LIMITS.EXPRESSION_CHARS)}`, 'longer than 2048 characters (EXPRESSION_CHARS)'],
])('%s is refused: %s', (text, message) => {
  const result = compilePath(text);
  expect(result).toEqual({
    ok: false,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });
});

test.each(['__proto__', 'constructor', 'toString', 'length'])(
  '%s is no field of what does not have it',
  (name) => {
    for (const owner of [
      '$.run',
      '$.run.input',
      "$.steps['fetch-a'].output",
      "$.steps['fetch-a'].output.store",
    ])
      expect(() => read(`${owner}.${name}`)).toThrow(ExpressionError);
    expect(() => read(`$.steps.${name}`)).toThrow(ExpressionError);
    expect(read(`$.run.input[?@.${name}]`)).toEqual([]);
  },
);

describe('the cost of a path is bounded', () => {
  const list = Array.from({ length: 2_000 }, (_, index) => ({ n: index }));
  let deep: JsonValue = 1;
  for (let level = 0; level < LIMITS.JSON_DEPTH; level += 1) deep = [deep, deep === 1 ? 1 : 2];
  const context = contextOf({ list, deep });

  test.each([
    "$.steps['fetch-a'].output..*..*..*",
    `$.steps['fetch-a'].output.deep${'[*,*]'.repeat(30)}`,
    `$.steps['fetch-a'].output${'..[*,*]'.repeat(20)}`,
    "$.steps['fetch-a'].output.list[?$.steps['fetch-a'].output..n]",
    "$.steps['fetch-a'].output.list[?count($.steps['fetch-a'].output.list[*]) > 1]",
    "$.steps['fetch-a'].output.list[?@.n == 1 || $.steps['fetch-a'].output.list == $.run.input]",
  ])('%s', (text) => {
    const startedAt = performance.now();
    expect(() => read(text, context)).toThrow(
      new ExpressionError('costs more than 500000 steps of evaluation (EXPRESSION_COST)'),
    );
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  test('and yet one may find very many values', () => {
    const wide = contextOf(Array.from({ length: 300_000 }, () => 1));
    expect(read("$.steps['fetch-a'].output[0:200000]", wide)).toHaveLength(200_000);
  });
});

/** What a singular path leads to, step by step. */
function naive(value: JsonValue | undefined, parts: readonly (string | number)[]): JsonValue | undefined {
  let at = value;
  for (const part of parts) {
    if (typeof part === 'number') at = Array.isArray(at) ? at.at(part) : undefined;
    else
      at =
        typeof at === 'object' && at !== null && !Array.isArray(at) && Object.hasOwn(at, part)
          ? at[part]
          : undefined;
  }
  return at;
}

/** Every value in one, itself first. */
function naiveDescendants(value: JsonValue): JsonValue[] {
  if (typeof value !== 'object' || value === null) return [value];
  return [value, ...Object.values(value).flatMap(naiveDescendants)];
}

const name = fc.constantFrom('a', 'b', 'x-y', "it's", '__proto__', 'length', '0');
const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const quoted = (part: string | number): string =>
  typeof part === 'number' ? `[${part}]` : `['${part.replaceAll("'", "\\'")}']`;

test('a singular path leads where a naive walker goes, or nowhere', () => {
  fc.assert(
    fc.property(
      json,
      fc.array(fc.oneof(name, fc.integer({ min: -3, max: 3 })), { maxLength: 4 }),
      (value, parts) => {
        const text = `$.steps['fetch-a'].output${parts.map(quoted).join('')}`;
        const expected = naive(value, parts);
        if (expected === undefined) expect(() => read(text, contextOf(value))).toThrow(ExpressionError);
        else expect(read(text, contextOf(value))).toEqual(expected);
      },
    ),
    { numRuns: 500 },
  );
});

test('descendants and slices are those of a naive walker', () => {
  fc.assert(
    fc.property(json, name, (value, key) => {
      const found = naiveDescendants(value)
        .map((each) => naive(each, [key]))
        .filter((each) => each !== undefined);
      expect(read(`$.steps['fetch-a'].output..${quoted(key)}`, contextOf(value))).toEqual(found);
    }),
    { numRuns: 300 },
  );
  const bound = fc.option(fc.integer({ min: -6, max: 6 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(fc.integer(), { maxLength: 5 }), bound, bound, (list, from, to) => {
      const text = `$.steps['fetch-a'].output[${from ?? ''}:${to ?? ''}]`;
      expect(read(text, contextOf(list))).toEqual(list.slice(from, to));
      const backwards = `$.steps['fetch-a'].output[::-1]`;
      expect(read(backwards, contextOf(list))).toEqual([...list].reverse());
    }),
  );
});
