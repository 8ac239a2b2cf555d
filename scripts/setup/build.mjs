import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLogged, tail } from './command.mjs';
import { SetupError } from './report.mjs';

/** Compiles what changed; not even the compiler is started when no source has changed since the last time. */
export async function buildWorkspace(root, note) {
  const stamp = sourceStamp(root);
  if (isBuilt(root, stamp)) return 'nothing changed';
  note('compiling');
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { code, output } = await runLogged(root, process.execPath, [
    tsc,
    '-b',
    'tsconfig.build.json',
    '--pretty',
    'false',
  ]);
  if (code !== 0)
    throw new SetupError(
      'the sources do not compile: correct what is listed above and start again',
      tail(output),
    );
  writeStamp(root, stamp);
  return 'compiled';
}

/** Whether the last build saw these very sources, and its results are all still there. */
export function isBuilt(root, stamp) {
  const file = stampFile(root);
  if (!existsSync(file) || readFileSync(file, 'utf8') !== stamp) return false;
  return projectsOf(root).every((dir) => existsSync(join(dir, 'dist')));
}

/** Remembers that the sources with this stamp are built. */
export function writeStamp(root, stamp) {
  mkdirSync(join(root, '.multiswarm', 'cache'), { recursive: true });
  writeFileSync(stampFile(root), stamp);
}

/** A hash over path, size and time of everything that the compiler reads of ours; reading contents would take longer than it saves. */
export function sourceStamp(root) {
  const hash = createHash('sha256');
  const shared = ['tsconfig.base.json', 'tsconfig.build.json', 'pnpm-lock.yaml'].map((name) =>
    join(root, name),
  );
  const own = projectsOf(root).flatMap((dir) => [
    join(dir, 'tsconfig.json'),
    join(dir, 'package.json'),
    ...filesUnder(join(dir, 'src')),
  ]);
  for (const file of [...shared, ...own]) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function projectsOf(root) {
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'));
  return references.map(({ path }) => join(root, path));
}

function filesUnder(dir) {
  const entries = readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(dir, entry.name)) : [join(dir, entry.name)],
  );
}

function stampFile(root) {
  return join(root, '.multiswarm', 'cache', 'build.stamp');
}
