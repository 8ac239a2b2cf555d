import fc from 'fast-check';
import { isDeeperThan, Json, jsonWithin } from './json';
import { parse } from './findings';
import { LIMITS } from './limits';
import { recordOf, Name, Scalar } from './names';
import { Heartbeat } from './swarm';
import { NamespaceSettings } from './namespace';
import { parseSubmission } from './plain-submission';
import { TaskSubmission } from './task';
import { WorkflowSubmission } from './workflow';

const nested = (levels: number, isList: boolean): string =>
  isList ? `${'['.repeat(levels)}1${']'.repeat(levels)}` : `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

test('JSON is taken as it is, whatever its keys are called', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
      const given: unknown = JSON.parse(JSON.stringify(value));
      expect(Json.parse(given)).toBe(given);
    }),
  );
  const text =
    '{"__proto__":{"x":1},"constructor":{"prototype":{"toString":[null]}},"k\\ud800":"\\udfff","\\u0000":0}';
  expect(JSON.stringify(Json.parse(JSON.parse(text)))).toBe(text);
});

test('a value is nested JSON_DEPTH levels deep at most, and one level more is told so by the name of the limit', () => {
  for (const isList of [true, false]) {
    expect(Json.safeParse(JSON.parse(nested(LIMITS.JSON_DEPTH, isList))).success).toBe(true);
    for (const levels of [LIMITS.JSON_DEPTH + 1, 50_000])
      expect(parse(Json, JSON.parse(nested(levels, isList)))).toEqual({
        ok: false,
        findings: [
          { pointer: '', code: 'too-deep', message: 'may be nested 100 levels deep at most (JSON_DEPTH)' },
        ],
      });
  }
});

test.each([
  [undefined, '', 'missing: expected a JSON value'],
  [{ a: [1, { b: undefined }] }, '/a/1/b', 'expected a JSON value, not undefined'],
  [[Number.NaN], '/0', 'expected a JSON value, not NaN'],
  [{ at: new Date(0) }, '/at', 'expected a JSON value, not [object Date]'],
  [{ f: () => 1 }, '/f', 'expected a JSON value, not function'],
  [[-Infinity], '/0', 'expected a JSON value, not one so large'],
])('%p is no JSON, and the finding says where', (given, pointer, message) => {
  expect(parse(Json, given)).toEqual({ ok: false, findings: [{ pointer, code: 'custom', message }] });
});

test('the depth of a text is the depth of its value, whatever stands in its strings', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  const text = fc.oneof(fc.string(), fc.constantFrom('[[[', '{"a":[', '\\"[', '"]}', '\\', '[\\\\"'));
  const tree = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      text,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(text, tie('value'), { maxKeys: 3 }),
    ),
  })).value;
  fc.assert(
    fc.property(tree, fc.nat(6), (value, levels) => {
      expect(isDeeperThan(JSON.stringify(value), levels)).toBe(depthOf(value) > levels);
      expect(jsonWithin(levels).safeParse(JSON.parse(JSON.stringify(value))).success).toBe(
        depthOf(value) <= levels,
      );
    }),
  );
});

const PROTO: unknown = JSON.parse('{"__proto__":"a"}');
const HEARTBEAT = {
  ...{
    v: 1,
    swarmId: 'a',
    region: 'r',
    slots: 1,
    types: ['*'],
    capabilities: [],
    labels: {},
    attributes: {},
  },
  ...{ resources: {}, resourcesUsed: {}, costPerHour: 0, instance: 'i', seq: 0, sentAt: 0, intervalMs: 1 },
  ...{ state: 'ready', held: [] },
};

test.each([
  ['metadata', () => parse(TaskSubmission, { type: 'a', metadata: PROTO }), '/metadata'],
  [
    'labels',
    () => parse(TaskSubmission, { type: 'a', requirements: { labels: PROTO } }),
    '/requirements/labels',
  ],
  [
    'attributes',
    () => parse(TaskSubmission, { type: 'a', requirements: { attributes: PROTO } }),
    '/requirements/attributes',
  ],
  [
    'metadata of a workflow',
    () => parse(WorkflowSubmission, { tasks: [{ id: 'a', type: 'a' }], metadata: PROTO }),
    '/metadata',
  ],
  ['labels of a swarm', () => parse(Heartbeat, { ...HEARTBEAT, labels: PROTO }), '/labels'],
  ['attributes of a swarm', () => parse(Heartbeat, { ...HEARTBEAT, attributes: PROTO }), '/attributes'],
  ['weights', () => parse(NamespaceSettings, { fairnessWeights: PROTO }), '/fairnessWeights'],
  ['limits', () => parse(NamespaceSettings, { limits: PROTO }), '/limits'],
])('an entry called __proto__ of %s is refused, not left out', (_, parsed, pointer) => {
  expect(parsed()).toEqual({
    ok: false,
    findings: [{ pointer: `${pointer}/__proto__`, code: 'custom', message: 'no entry may have this key' }],
  });
});

test('names that every object has are names like others', () => {
  const entries = { constructor: 'a', toString: 'b', valueOf: 'c', hasOwnProperty: 'd' };
  expect(recordOf(Name, Scalar).parse(entries)).toEqual(entries);
  expect(parseSubmission({ type: 'constructor', namespace: 'toString', metadata: entries })).toMatchObject({
    type: 'constructor',
    namespace: 'toString',
    metadata: entries,
  });
});

test('a key for idempotency with half of a pair is refused: as UTF-8 it would be the same as another one', () => {
  for (const key of ['\ud800', 'a\udfff', '\udfff\ud800']) {
    const finding = { pointer: '/idempotencyKey', code: 'custom', message: expect.stringContaining('lone') };
    expect(() => parseSubmission({ type: 'a', idempotencyKey: key })).toThrow(
      expect.objectContaining({ findings: [finding] }),
    );
  }
  expect(parseSubmission({ type: 'a', idempotencyKey: '👩‍👧' }).idempotencyKey).toBe('👩‍👧');
});
