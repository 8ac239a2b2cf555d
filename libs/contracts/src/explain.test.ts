import { z } from 'zod';
import { BatchSubmission } from './api';
import { EventsQuery } from './events-query';
import { EVENT_TYPES } from './event';
import { parse } from './findings';
import { NamespaceSettings } from './namespace';
import { TaskSubmission } from './task';

function said(schema: z.ZodType, given: unknown): string[] {
  const parsed = parse(schema, given);
  return parsed.ok ? [] : parsed.findings.map(({ pointer, message }) => `${pointer}: ${message}`);
}

const NAME = 'letters, digits and _ . : / - only, starting with a letter or digit';

test.each([
  [{}, '/type: missing: expected text'],
  [{ type: 7 }, '/type: expected text, not 7'],
  [{ type: '' }, `/type: ${NAME}`],
  [{ type: 'x'.repeat(129) }, '/type: must have at most 128 characters, not 129'],
  [{ priority: 'urgent' }, '/priority: expected critical, high, normal or low, not "urgent"'],
  [{ timeouts: null }, '/timeouts: expected an object, not null'],
  [{ timeouts: { startToCloseMs: 1.5 } }, '/timeouts/startToCloseMs: expected a whole number, not 1.5'],
  [{ timeouts: { heartbeatMs: '1s' } }, '/timeouts/heartbeatMs: expected a number, not "1s"'],
  [{ timeouts: { heartbeatMs: -1 } }, '/timeouts/heartbeatMs: must be at least 1, not -1'],
  [{ retry: { factor: 11 } }, '/retry/factor: must be at most 10, not 11'],
  [{ retry: { nonRetryableCodes: 'a' } }, '/retry/nonRetryableCodes: expected a list, not "a"'],
  [{ limitKeys: Array(9).fill('a') }, '/limitKeys: must have at most 8 entries, not 9'],
  [{ idempotencyKey: '' }, '/idempotencyKey: must not be empty'],
  [{ estimated_duration: '2s' }, '/estimateMs: expected a number, not "2s"'],
  [{ metadata: { 'a b': 1 } }, `/metadata/a b: the key "a b": ${NAME}`],
  [{ metadata: { a: null } }, '/metadata/a: expected text, a number or true or false, not null'],
  [{ metadata: { a: [1] } }, '/metadata/a: expected text, a number or true or false, not a list'],
  [{ metadata: 'x'.repeat(50) }, `/metadata: expected an object, not "${'x'.repeat(40)}…"`],
  [{ input: Infinity }, '/input: expected a JSON value, not one so large'],
  [{ input: { a: [1, Infinity] } }, '/input/a/1: expected a JSON value, not one so large'],
])('of the task %j it says what is allowed', (given, text) => {
  const [first, ...more] = said(TaskSubmission, {
    ...('type' in given || Object.keys(given).length === 0 ? {} : { type: 'a' }),
    ...given,
  });
  expect(more).toEqual([]);
  expect(first).toBe(text);
});

test.each([
  [{ weight: 0 }, '/weight: must be at least 0.001, not 0'],
  [{ weight: NaN }, '/weight: expected a number'],
  [{ limit: {} }, '/limit: give a concurrency, a rate, or both'],
  [
    { limits: { 'a*b': { concurrency: 1 } } },
    '/limits/a*b: the key "a*b": a limit key, or a prefix and a star such as customer:*',
  ],
  [{ limits: { a: 5 } }, '/limits/a: expected an object, not 5'],
  [{ fairnessWeights: { '*': 1 } }, `/fairnessWeights/*: the key "*": ${NAME}`],
])('of the settings %j it says what is allowed', (given, text) => {
  expect(said(NamespaceSettings, given)).toEqual([text]);
});

test('a list that must not be empty says so', () => {
  expect(said(BatchSubmission, { tasks: [] })).toEqual(['/tasks: must have at least 1 entry, not 0']);
});

test('a number that a query does not have is not called NaN', () => {
  expect(said(z.object({ limit: z.coerce.number() }), { limit: 'abc' })).toEqual([
    '/limit: expected a number',
  ]);
});

test('events are asked for by a type that exists, or the beginning of one', () => {
  for (const type of [...EVENT_TYPES, '*', 'task.*', 'task.s*', 'workflow.*'])
    expect(said(EventsQuery, { type })).toEqual([]);
  for (const type of ['nonsense', 'task', 'nonsense.*', 'task.*.x', '**', '*.failed', '']) {
    const [text] = said(EventsQuery, { type });
    expect(text).toContain('/type: no event is of this type');
    for (const known of EVENT_TYPES) expect(text).toContain(known);
  }
});
