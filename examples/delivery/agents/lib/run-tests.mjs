/** Runs a project's own tests with Node.js' test runner, in a temporary copy. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { AgentError } from './agent-error.mjs';
import { testPrograms } from './project.mjs';
import { coverageOf, summarize } from './test-results.mjs';
import { runProgram, withTemporaryDirectory, writeSnapshot } from './workspace.mjs';

const REPORTER = fileURLToPath(new URL('./json-reporter.mjs', import.meta.url));

/** Every warning of a deprecated API, also of those that only the documentation deprecates, becomes an error. */
export const STRICT = '--throw-deprecation --pending-deprecation';

/**
 * @template T
 * @param {Record<string, string>} snapshot
 * @param {(place: { project: string, temporary: string }) => Promise<T>} use
 * @returns {Promise<T>}
 */
export function withProject(snapshot, use) {
  return withTemporaryDirectory((directory) => {
    const place = { project: path.join(directory, 'project'), temporary: path.join(directory, 'tmp') };
    fs.mkdirSync(place.temporary);
    writeSnapshot(snapshot, place.project);
    return use(place);
  });
}

/**
 * @param {{ project: string, temporary: string }} place
 * @param {Record<string, string>} snapshot
 * @param {{ strict?: boolean, coverage?: boolean }} [options]
 * @returns {Promise<{ run: import('./test-results.mjs').TestRun, coverage?: import('./test-results.mjs').Coverage }>}
 */
export async function runTests(place, snapshot, { strict = false, coverage = false } = {}) {
  const programs = testPrograms(snapshot);
  if (programs.length === 0) throw new AgentError('the project has no tests');
  const flags = ['--test', `--test-reporter=${REPORTER}`, '--test-reporter-destination=stdout'];
  const argv = [
    process.execPath,
    ...flags,
    ...(coverage ? ['--experimental-test-coverage'] : []),
    ...programs,
  ];
  const env = strict ? { NODE_OPTIONS: STRICT } : {};
  const { code, stdout, stderr } = await runProgram(argv, {
    cwd: place.project,
    temporary: place.temporary,
    env,
  });
  const records = readRecords(stdout, stderr);
  const run = summarize(records, place.project);
  if (code !== 0 && run.failed === 0)
    throw new AgentError(`the test runner ended with code ${code}: ${stderr.trim().slice(-500)}`);
  const measured = records.find(({ type }) => type === 'coverage');
  return { run, ...(coverage && { coverage: coverageOf(measured, snapshot, place.project) }) };
}

function readRecords(stdout, stderr) {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{"type":'));
  if (lines.length === 0)
    throw new AgentError(`the test runner reported nothing: ${stderr.trim().slice(-500)}`);
  return lines.map((line) => JSON.parse(line));
}
