import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { edit, hashesOf, undoEdit, withNote, withVersion } from './working-copy';

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'working-copy-'));
  file = join(directory, 'package.json');
  await writeFile(file, '{ "name": "a", "version": "1.4.2" }');
});
afterEach(() => rm(directory, { recursive: true }));

test('what was edited is taken back, also twice', async () => {
  const before = await hashesOf(directory);
  const change = await edit(file, (text) => withVersion(text, '1.5.0'));
  expect(await readFile(file, 'utf8')).toBe('{ "name": "a", "version": "1.5.0" }');
  expect(await hashesOf(directory)).not.toEqual(before);
  await undoEdit(change);
  await undoEdit(change);
  expect(await hashesOf(directory)).toEqual(before);
});

test('what somebody else has changed since stays as it is', async () => {
  const change = await edit(file, (text) => withVersion(text, '1.5.0'));
  await writeFile(file, '{}');
  await expect(undoEdit(change)).rejects.toThrow('was changed since');
  expect(await readFile(file, 'utf8')).toBe('{}');
});

test('a note stands above those of the versions before', () => {
  expect(withNote('# Changelog\n\n## 1.0.0\n', '1.1.0', 'more')).toBe(
    '# Changelog\n\n## 1.1.0\n\n- more\n\n## 1.0.0\n',
  );
});
