import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NonRetryableError } from '@multiswarm/sdk';
import type { Files, Route, Service, Solution, TestedSolution } from './documents';

const run = promisify(execFile);
const COMPILE_TIMEOUT_MS = 30_000;

/**
 * Compares what was written with what was asked for: a route is covered when the program of its service declares it and
 * defines its handler. Every file is also compiled where a Python is installed. Throws when less than `least` is covered.
 */
export async function testSolution(
  solution: Solution,
  least: number,
  signal: AbortSignal,
): Promise<TestedSolution> {
  const { architecture, files } = solution;
  const routes = architecture.services.flatMap((service) =>
    service.routes.map((route) => ({ service, route })),
  );
  const missing = routes.filter(({ service, route }) => !isWritten(files, service, route));
  const covered = routes.length - missing.length;
  const coverage = routes.length === 0 ? 0 : covered / routes.length;
  const names = missing.map(({ route }) => `${route.need} (${route.method} ${route.path})`);
  if (coverage < least) {
    const detail = `${(coverage * 100).toFixed(1)} % of the routes are there, ${least * 100} % were asked for`;
    throw new NonRetryableError('coverage-too-low', `${detail}; missing: ${names.join(', ')}`);
  }
  const compiledBy = await compile(files, signal);
  const needs = new Set(routes.map(({ route }) => route.need)).size;
  const report = { needs, routes: routes.length, covered, coverage, missing: names, compiledBy };
  return { title: architecture.title, files, report };
}

function isWritten(files: Files, { name }: Service, { method, path, handler }: Route): boolean {
  const lines = (files[`${name}/main.py`] ?? '').split('\n');
  const declared = lines.findIndex((line) => line.startsWith(`@app.${method.toLowerCase()}("${path}"`));
  return declared >= 0 && lines[declared + 1]?.startsWith(`def ${handler}(`) === true;
}

/** @returns the version of the Python that compiled all of it, or null where there is none */
async function compile(files: Files, signal: AbortSignal): Promise<string | null> {
  const options = { signal, timeout: COMPILE_TIMEOUT_MS };
  const python = await run('python3', ['--version'], options).catch(() => undefined);
  signal.throwIfAborted();
  if (!python) return null;
  const programs = Object.entries(files).filter(([path]) => path.endsWith('.py'));
  const directory = await mkdtemp(join(tmpdir(), 'test-solution-'));
  try {
    for (const [index, [path, text]] of programs.entries()) {
      const file = join(directory, `${index}.py`);
      await writeFile(file, text);
      await run('python3', ['-m', 'py_compile', file], options).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        throw new NonRetryableError('does-not-compile', `${path}: ${why}`);
      });
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return python.stdout.trim();
}
