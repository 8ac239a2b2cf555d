import fc from 'fast-check';
import { LIMITS } from '../src/limits';

/** The word itself, mostly; else something that may or may not be one. */
const text = (...words: string[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...words) },
    { weight: 1, arbitrary: fc.string() },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', 'a'.repeat(128), 'a'.repeat(129), 'eu*', '-', 'a b', null, 7),
    },
  );
const number = (...usual: number[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.double() },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        -1,
        0,
        0.5,
        101,
        LIMITS.DURATION_MS,
        LIMITS.DURATION_MS + 1,
        2 ** 53,
        Infinity,
        '5',
        null,
      ),
    },
  );
const list = (item: fc.Arbitrary<unknown>, most: number): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.array(item, { maxLength: 3 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('a', {}, null, Array(most).fill('a'), Array(most + 1).fill('a')),
    },
  );
const some = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.record(fields, { requiredKeys: [] }) },
    { weight: 1, arbitrary: fc.record({ ...fields, other: fc.constant(1) }) },
    { weight: 1, arbitrary: fc.constantFrom(null, [], 'x', 5, undefined) },
  );
const json = fc.oneof(
  { weight: 6, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: fc.object({ withDate: true, withBigInt: true, withNullPrototype: true }) },
  { weight: 1, arbitrary: fc.constant(JSON.parse('{"a":{"__proto__":{"b":1}}}') as unknown) },
  { weight: 1, arbitrary: fc.constantFrom(undefined, NaN, { a: undefined }, [undefined], new Map(), /x/) },
);
const metadata = fc.oneof(
  { weight: 6, arbitrary: fc.dictionary(fc.constantFrom('a', 'b:c', 'constructor', 'no good'), json) },
  {
    weight: 6,
    arbitrary: fc.dictionary(fc.constantFrom('a', 'toString', 'é'), text('v', 'x'.repeat(1_025))),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(LIMITS.METADATA_ENTRIES, LIMITS.METADATA_ENTRIES + 1)
      .map((count) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]))),
  },
);
const FIELDS = {
  input: json,
  requirements: some({
    capabilities: list(text('llm', 'web'), LIMITS.LIST_ITEMS),
    region: list(text('eu-*', 'us-east', '*'), LIMITS.LIST_ITEMS),
    resources: fc.constantFrom({ gpu: 1 }, { gpu: 0.5 }),
    requires_gpu: fc.boolean(),
  }),
  priority: text('critical', 'high', 'normal', 'low'),
  retry: some({
    maxAttempts: number(1, 3, 100),
    initialMs: number(0, 500),
    factor: number(1, 2, 10),
    maxMs: number(1_000),
    jitter: number(0, 0.2, 1),
    nonRetryableCodes: fc.constantFrom([], ['x'], [1]),
    totalMs: number(1, 5_000),
  }),
  timeouts: some({
    scheduleToStartMs: number(1, 500),
    startToCloseMs: number(1, 60_000),
    heartbeatMs: number(5_000),
    deadline: text('2030-01-01T00:00:00Z'),
  }),
  metadata,
  namespace: text('default', 'team-1'),
  idempotencyKey: text('key', 'é'),
  estimateMs: number(0, 1_500),
  fairnessKey: text('customer:1'),
  limitKeys: list(text('model'), LIMITS.LIMIT_KEYS),
  notBefore: text('2030-01-01T00:00:00Z'),
  waitFor: fc.constantFrom({ signal: 'go' }, { signal: 'go', timeoutMs: 0 }),
  estimated_duration: number(1, 2.5),
  colour: fc.constant('red'),
};
const withType = text('build', 'agent.review/v2').map((type) => ({ type }));
/** Submissions as clients send them, and what is almost one. Few fields at a time, so that many are plain and the others have one fault or two. */
export const submissions = fc
  .tuple(withType, fc.subarray(Object.keys(FIELDS) as (keyof typeof FIELDS)[], { maxLength: 5 }))
  .chain(([type, names]) =>
    fc
      .record(Object.fromEntries(names.map((name) => [name, FIELDS[name]])))
      .map((rest) => ({ ...type, ...rest })),
  );
