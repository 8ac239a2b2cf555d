import fc from 'fast-check';
import { parse } from './findings';
import { parseSubmission, plainSubmission } from './plain-submission';
import { TaskSubmission } from './task';
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
