import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../setup/paths.mjs';

/** The script behind a tool's command, so that it starts without a package manager in between. */
function bin(dependency, command = dependency) {
  const dir = join(ROOT, 'node_modules', dependency);
  const { bin: commands } = readManifest(dir);
  return join(dir, typeof commands === 'string' ? commands : commands[command]);
}

const cache = (name) => join(ROOT, '.multiswarm', 'cache', name);

/** Arguments for node, by the name of the check; none of them depends on another. The longest comes first. */
export const STATIC_CHECKS = {
  lint: () => [bin('eslint'), '.'],
  types: () => [
    bin('typescript', 'tsc'),
    '-p',
    'tsconfig.json',
    '--incremental',
    '--tsBuildInfoFile',
    cache('types.tsbuildinfo'),
  ],
  format: () => [
    bin('prettier'),
    '--check',
    '--log-level',
    'warn',
    '--cache',
    '--cache-location',
    cache('prettier'),
    '.',
  ],
  boundaries: () => [bin('dependency-cruiser', 'depcruise'), ...argsOf('boundaries')],
  unused: () => [bin('knip'), ...argsOf('unused')],
};

export const BUILD_CHECK = {
  build: () => [bin('typescript', 'tsc'), '-b', 'tsconfig.build.json', '--pretty', 'false'],
};

/** Three runs, the cheapest first. In each of them two files at a time: whole systems bring their own servers, and often wait. */
export const TEST_PROJECTS = ['unit', 'integration', 'e2e'];

/** Tests that wait for nothing but a processor, as the static checks do. */
export const COMPUTING_PROJECTS = ['simulation'];

export function jestArgs(project, resultFile) {
  return [bin('jest'), '--selectProjects', project, '--json', '--outputFile', resultFile, '--no-color'];
}

/** What package.json passes to the tool, so that `npm run boundaries` and this mean the same. */
function argsOf(script) {
  const { scripts } = readManifest(ROOT);
  return scripts[script].split(' ').slice(1);
}

/** The tests of these scripts run in node's own runner: they are ES modules, and come before any tool. */
export function scriptTestArgs() {
  const dir = join(ROOT, 'scripts', 'test');
  const files = readdirSync(dir).filter((name) => name.endsWith('.test.mjs'));
  return ['--test', '--test-reporter=spec', ...files.map((name) => join(dir, name))];
}

function readManifest(dir) {
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
}
