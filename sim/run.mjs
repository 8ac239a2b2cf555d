/** `npm run sim -- --seeds N --seed S`: starts src/main.ts, with our packages resolved to their sources. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { status, error } = spawnSync(
  process.execPath,
  [
    ...['-C', 'multiswarm-source', '--enable-source-maps', '-r', join(here, 'load.cjs')],
    ...[join(here, 'src', 'main.ts'), ...process.argv.slice(2)],
  ],
  { stdio: 'inherit' },
);
if (error) throw error;
process.exitCode = status ?? 1;
