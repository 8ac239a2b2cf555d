import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create, list } from 'tar';
import type { Files, Release, TestedSolution } from './documents';

/** The same files give the same archive, byte for byte. */
const MTIME = new Date(0);

/** Packs the tested files with a manifest into `<directory>/<name>.tgz`, and reads the archive back to see that all of it is there. */
export async function deploySolution(
  { title, files, report }: TestedSolution,
  directory: string,
): Promise<Release> {
  const name = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const entries = Object.entries(files).map(([path, text]) => ({ path, sha256: sha256(text) }));
  const manifest = `${JSON.stringify({ title, files: entries, report }, null, 2)}\n`;
  const archive = join(directory, `${name}.tgz`);
  await mkdir(directory, { recursive: true });
  await pack({ ...files, 'manifest.json': manifest }, archive);
  const packed = await readFile(archive);
  return { archive, sha256: sha256(packed), bytes: packed.length, files: entries, report };
}

async function pack(files: Files, archive: string): Promise<void> {
  const paths = Object.keys(files).sort();
  const cwd = await mkdtemp(join(tmpdir(), 'deploy-solution-'));
  try {
    for (const path of paths) {
      await mkdir(dirname(join(cwd, path)), { recursive: true });
      await writeFile(join(cwd, path), files[path] ?? '');
    }
    await create({ cwd, file: archive, gzip: true, portable: true, mtime: MTIME }, paths);
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
  const inside: string[] = [];
  await list({ file: archive, onReadEntry: (entry) => inside.push(entry.path) });
  const lost = paths.filter((path) => !inside.includes(path));
  if (lost.length > 0) throw new Error(`${archive} lacks ${lost.join(', ')}`);
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
