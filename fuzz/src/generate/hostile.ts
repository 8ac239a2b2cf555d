import { LIMITS } from '@multiswarm/contracts';
import fc from 'fast-check';
import { Raw } from './print';

const raw = (text: string): Raw => new Raw(text, () => text);

/** Every count and size that the project has a name for: what is up to it, and one more. */
const LENGTHS = [...new Set(Object.values(LIMITS))].filter((limit) => limit <= 1024 * 1024);
const TEN_MB = 10 * 1024 * 1024;
const LEVELS = 10_000;

const TEXTS = [
  '',
  ' ',
  'NaN',
  'Infinity',
  'null',
  'undefined',
  'true',
  '-1',
  '0x10',
  '1e999',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  '\u202eevil\u202c',
  'مرحبا',
  '👩‍👩‍👧‍👦',
  '*',
  '>',
  'a.b.*',
  '../../etc/passwd',
  '%00',
  '{s0}',
  'a\r\nb: c',
  '"',
  '\\',
  '$(id)',
];

const NUMBERS = [
  0,
  -0,
  -1,
  1,
  0.5,
  1.5,
  2 ** 31,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  1e21,
  1e308,
  5e-324,
  8.64e15,
  8.64e15 + 1,
  ...LENGTHS,
  ...LENGTHS.map((limit) => limit + 1),
];

/** Texts with the length of a named limit, one less and one more. */
export const longText: fc.Arbitrary<Raw> = fc
  .tuple(fc.constantFrom(...LENGTHS), fc.constantFrom(-1, 0, 1), fc.constantFrom('a', 'é', '\\u0000'))
  .map(([limit, more, letter]) => {
    const length = Math.max(0, limit + more);
    return new Raw(`text of ${length} × ${letter}`, () => `"${letter.repeat(length)}"`);
  });

const deep: fc.Arbitrary<Raw> = fc
  .tuple(fc.constantFrom(LIMITS.JSON_DEPTH - 3, LIMITS.JSON_DEPTH + 1, 1_500, LEVELS), fc.boolean())
  .map(([levels, isList]) => {
    const [open, close] = isList ? ['[', ']'] : ['{"a":', '}'];
    return new Raw(`${levels} levels of ${open}`, () => `${open.repeat(levels)}1${close.repeat(levels)}`);
  });

const wide: fc.Arbitrary<Raw> = fc
  .tuple(fc.constantFrom(65, 501, 10_001, 100_000), fc.constantFrom('1', '"a"', '{}', 'null', '[]'))
  .map(([items, item]) => new Raw(`${items} × ${item}`, () => `[${Array(items).fill(item).join(',')}]`));

const manyKeys: fc.Arbitrary<Raw> = fc
  .constantFrom(33, 1_025, 20_000)
  .map(
    (keys) =>
      new Raw(
        `${keys} keys`,
        () => `{${Array.from({ length: keys }, (_, index) => `"k${index}":1`).join(',')}}`,
      ),
  );

const prototypes = fc.constantFrom(
  raw('{"__proto__":{"polluted":true}}'),
  raw('{"constructor":{"prototype":{"polluted":true}}}'),
  raw('{"toString":1,"hasOwnProperty":2,"valueOf":null}'),
  raw('{"__proto__":null}'),
  raw('{"toJSON":"x","then":"y","length":-1}'),
  raw('{"a":1,"a":2}'),
  raw('1e999'),
  raw('-1e999'),
  raw('"\\ud800"'),
  raw('"\\u0000"'),
);

/** Too much for one message of NATS, and for most bodies over HTTP. Rare, since each costs a good part of a second. */
export const enormous: fc.Arbitrary<Raw> = fc.constantFrom(
  new Raw('text of 10 MB', () => `"${'a'.repeat(TEN_MB)}"`),
  new Raw('list of 10 MB', () => `[${'1,'.repeat(TEN_MB / 2)}1]`),
  new Raw('text of 10 MB of escapes', () => `"${'\\n'.repeat(TEN_MB / 2)}"`),
);

/** A text as it may stand in a path, a query or a header. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(127, 128, 129, 257, 1_025, 9_000).map((length) => 'a'.repeat(length)),
);

/** Anything that JSON text may hold and that nobody expects. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 4, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 3, arbitrary: fc.constantFrom(null, true, false, [], {}, [[]], [null], [{}], { a: 1 }) },
  { weight: 2, arbitrary: prototypes },
  { weight: 2, arbitrary: longText },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: wide },
  { weight: 1, arbitrary: manyKeys },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** Names of fields that are none, or that every object seems to have. */
export const hostileKey: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constant('k'.repeat(300)),
);
