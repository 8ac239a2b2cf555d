import fc from 'fast-check';
import { parse } from './findings';
import { isPlainSpec, parseSubmission, plainSubmission } from './plain-submission';
import { TaskSpec, TaskSubmission } from './task';
import { submissions } from '../test/submissions';

test('what is read by hand is read exactly as the schema reads it, and what the schema refuses never is', () => {
  let plain = 0;
  fc.assert(
    fc.property(submissions, (given) => {
      const read = plainSubmission(given);
      if (!read) return;
      plain += 1;
      expect({ ok: true, value: read }).toEqual(parse(TaskSubmission, given));
    }),
    { numRuns: 5_000 },
  );
  expect(plain).toBeGreaterThan(1_000);
});

test.each([
  ['a type alone', { type: 'build' }],
  ['an input of any JSON', { type: 'build', input: [1, 'two', { three: [null, true] }] }],
  [
    'what the client sends of a definition',
    {
      type: 'build',
      input: { n: 1 },
      requirements: { capabilities: ['llm'], region: ['eu-*'] },
      retry: { maxAttempts: 5 },
      timeouts: { startToCloseMs: 60_000 },
      priority: 'high',
      metadata: { ticket: 'T-1', urgent: true, weight: 2.5 },
      namespace: 'team',
      idempotencyKey: 'key-1',
      estimateMs: 200,
      fairnessKey: 'customer',
      limitKeys: ['model'],
    },
  ],
])('%s is read by hand', (_, given) => {
  expect(plainSubmission(given)).toEqual(TaskSubmission.parse(given));
});

test('a submission that is not plain is read by the schema, and its faults are told', () => {
  const notBefore = '2030-01-01T00:00:00Z';
  expect(plainSubmission({ type: 'build', notBefore })).toBeUndefined();
  expect(parseSubmission({ type: 'build', notBefore })).toMatchObject({ notBefore });
  expect(() => parseSubmission({ type: 'no good', colour: 'red' })).toThrow('/type: letters');
});

test('no task changes the policy of the others', () => {
  const [one, other] = [parseSubmission({ type: 'a', retry: {} }), parseSubmission({ type: 'b' })];
  expect(one.retry).toEqual(other.retry);
  expect(one.requirements).not.toBe(other.requirements);
});

/** What the intake makes of a submission, and the same with something missing or wrong. */
const specs = fc
  .tuple(
    submissions,
    fc.constantFrom('', 'input', 'retry', 'metadata', 'timeouts', 'traceparent', 'type', 'namespace'),
  )
  .map(([given, spoiled]) => {
    const parsed = TaskSubmission.safeParse(given);
    const spec = { ...(parsed.success ? parsed.data : (given as object)), traceparent: '00-0-0-01' };
    return spoiled === '' ? spec : { ...spec, [spoiled]: spoiled === 'input' ? undefined : [1] };
  });

test('a specification that is taken without the schema is one that the schema takes, and leaves as it is', () => {
  let plain = 0;
  fc.assert(
    fc.property(specs, (given) => {
      if (!isPlainSpec(given)) return;
      plain += 1;
      expect({ ok: true, value: given }).toEqual(parse(TaskSpec, given));
    }),
    { numRuns: 5_000 },
  );
  expect(plain).toBeGreaterThan(100);
});

test.each([
  {},
  { retry: undefined },
  { retry: { maxAttempts: 3 } },
  { estimateMs: Infinity },
  { 'a"b': 1 },
  { type: [1] },
])('a specification with %j in it is not taken as it is', (fault) => {
  const spec = { ...parseSubmission({ type: 'build' }), traceparent: '' };
  expect(isPlainSpec(spec)).toBe(true);
  expect(isPlainSpec({ ...spec, ...(Object.keys(fault).length === 0 ? { input: undefined } : fault) })).toBe(
    false,
  );
});
