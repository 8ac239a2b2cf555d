import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MultiswarmError } from './errors';
import type { JsonValue } from './json';
import { MESSAGE_KINDS } from './message';
import { assertKindData, MESSAGE_DATA } from './message-kinds';

const FILES: Partial<Record<string, string>> = { event: 'named-event' };

function sample(kind: string): Record<string, JsonValue> {
  const file = join(__dirname, '..', 'golden', 'v1', `${FILES[kind] ?? kind}.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, JsonValue>;
}

function refused(kind: string, data: JsonValue): MultiswarmError {
  try {
    assertKindData(kind, data);
  } catch (error) {
    if (error instanceof MultiswarmError) return error;
  }
  throw new Error(`it was not refused: ${JSON.stringify(data)}`);
}

test('every common kind has its data', () => {
  expect(Object.keys(MESSAGE_DATA).sort()).toEqual([...MESSAGE_KINDS].sort());
});

test.each(MESSAGE_KINDS)('%s: its data may be sent, and a misspelt field of it may not', (kind) => {
  const data = sample(kind);
  expect(() => assertKindData(kind, data)).not.toThrow();
  const { code, findings, message } = refused(kind, { ...data, detials: 1 });
  expect(code).toBe('invalid-request');
  expect(findings).toEqual([expect.objectContaining({ pointer: '/data/detials', code: 'unknown-field' })]);
  expect(message).toContain('"details"');
});

test.each(MESSAGE_KINDS)('%s with a field of a later version is still read', (kind) => {
  const data = sample(kind);
  expect(MESSAGE_DATA[kind].parse({ ...data, later: true })).toEqual(data);
});

test('a fault is told with its place and what is expected there', () => {
  expect(refused('task-request', {}).findings).toEqual([
    { pointer: '/data/type', code: 'invalid-type', message: 'missing: expected text' },
  ]);
  expect(refused('status-update', { load: 2 }).message).toContain('/data/load: must be at most 1, not 2');
  expect(refused('resource-offer', { resources: { cpus: 4 } }).message).toContain('/data/resources/cpus');
  expect(refused('event', 'fire').findings).toEqual([expect.objectContaining({ pointer: '/data' })]);
});

test('data of any other kind may be anything', () => {
  const kind = fc.string().filter((name) => !(MESSAGE_KINDS as readonly string[]).includes(name));
  fc.assert(
    fc.property(kind, fc.jsonValue(), (name, data) => {
      expect(() => assertKindData(name, data as JsonValue)).not.toThrow();
    }),
  );
});
