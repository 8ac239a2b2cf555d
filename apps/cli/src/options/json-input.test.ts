import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryIo } from '../../test/support/memory-io';
import { readValue } from './json-input';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'value-option-'));
  writeFileSync(join(cwd, 'notes.txt'), 'Note: call ann\n');
  writeFileSync(join(cwd, 'rows'), ' [1, "two"]\n');
  writeFileSync(join(cwd, 'plan.yaml'), 'name: plan\n');
});
afterAll(() => rmSync(cwd, { recursive: true }));

const read = (given: { json?: string; text?: string }, stdin = ''): Promise<unknown> =>
  readValue({ option: '--input', json: undefined, text: undefined, ...given }, memoryIo({ cwd, stdin }));

test.each([
  [{}, undefined],
  [{ json: '{"a":1}' }, { a: 1 }],
  [{ json: '@rows' }, [1, 'two']],
  [{ json: '@plan.yaml' }, { name: 'plan' }],
  [{ json: '-' }, 7],
  [{ text: 'a b' }, 'a b'],
  [{ text: '@notes.txt' }, 'Note: call ann\n'],
  [{ text: '-' }, '7'],
])('%j is %j', async (given, value) => {
  expect(await read(given, '7')).toEqual(value);
});

test('a file that is not JSON is refused, with the way to send it as text', async () => {
  await expect(read({ json: '@notes.txt' })).rejects.toMatchObject({
    code: 'invalid-json',
    exit: 2,
    message: 'notes.txt:1:1: not valid JSON: expected a value',
    hint: expect.stringContaining('--input-text @notes.txt'),
  });
  await expect(read({ json: '-' }, 'by ann')).rejects.toMatchObject({
    message: expect.stringMatching(/^standard input:1:1: not valid JSON/),
    hint: expect.stringContaining('--input-text -'),
  });
});

test('a value is given once', async () => {
  await expect(read({ json: '1', text: '1' })).rejects.toMatchObject({ code: 'usage', exit: 2 });
});
