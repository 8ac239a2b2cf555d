import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NonRetryableError } from '@multiswarm/sdk';
import type { Edit } from './release';

/** Changes a file, and tells how it was. */
export async function edit(file: string, change: (text: string) => string): Promise<Edit> {
  const before = await readFile(file, 'utf8');
  const after = change(before);
  await writeFile(file, after);
  return { file, before, after };
}

/** Takes a change back. Where somebody else has changed the file since, that is not lost: the step fails, and says so. */
export async function undoEdit({ file, before, after }: Edit): Promise<{ file: string }> {
  const now = await readFile(file, 'utf8');
  if (now !== after && now !== before)
    throw new NonRetryableError('changed-since', `${file} was changed since: it stays as it is`);
  await writeFile(file, before);
  return { file };
}

export function withVersion(manifest: string, version: string): string {
  return manifest.replace(/("version":\s*)"[^"]*"/, `$1${JSON.stringify(version)}`);
}

/** Below the title, above the versions before. */
export function withNote(changelog: string, version: string, text: string): string {
  const [title = '', ...rest] = changelog.split('\n');
  return [title, '', `## ${version}`, '', `- ${text}`, ...rest].join('\n');
}

/** SHA-256 of every file of a directory, by its path. */
export async function hashesOf(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const hashes: Record<string, string> = {};
  for (const file of files.sort())
    hashes[file.slice(directory.length + 1)] = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  return hashes;
}
