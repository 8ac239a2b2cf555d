/**
 * `npm run bench -- [name] [--quick] [--runs 5] …`: builds what is not built, then runs src/main.ts against the build.
 * The services, the swarm and the SDK are measured as users get them (dist), not as sources that are compiled on the fly.
 */
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const require = createRequire(import.meta.url);

function run(args, env = {}) {
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (error) throw error;
  return status ?? 1;
}

const argv = process.argv.slice(2);
const build = argv.includes('--no-build')
  ? 0
  : run([require.resolve('typescript/bin/tsc'), '-b', 'tsconfig.build.json']);
if (build === 0) {
  const bench = [
    '-r',
    'ts-node/register',
    'bench/src/main.ts',
    ...argv.filter((arg) => arg !== '--no-build'),
  ];
  process.exitCode = run(bench, { TS_NODE_PROJECT: `${root}/tsconfig.json` });
} else {
  process.stderr.write('bench: the build failed; nothing was measured\n');
  process.exitCode = build;
}
