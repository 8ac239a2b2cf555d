/** Runs a project's own tests with Node.js' test runner, in a temporary copy. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { AgentError } from './agent-error.mjs';
import { readPackage, roleOf, testPrograms } from './project.mjs';
import { runProgram, withTemporaryDirectory, writeSnapshot } from './workspace.mjs';

const REPORTER = fileURLToPath(new URL('./json-reporter.mjs', import.meta.url));

/** Every warning of a deprecated API, also of those that only the documentation deprecates, becomes an error. */
export const STRICT = '--throw-deprecation --pending-deprecation';

/**
 * @typedef {{ file: string, name: string, ok: boolean, skipped: boolean, durationMs: number, message?: string }} TestResult
 * @typedef {{ total: number, passed: number, failed: number, skipped: number, durationMs: number, tests: TestResult[] }} TestRun
 * @typedef {{ lines: number, coveredLines: number, ratio: number, files: { file: string, lines: number, covered: number, missing: number[] }[] }} Coverage
 */

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
 * @returns {Promise<{ run: TestRun, coverage?: Coverage }>}
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
  const run = summarize(
    records.filter(({ type }) => type !== 'coverage'),
    place.project,
  );
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

/** A program that fails as a whole is a failed test of its own; one that only contains failed tests is not counted. */
function summarize(records, project) {
  const relative = (file) =>
    path
      .relative(project, file ?? project)
      .split(path.sep)
      .join('/');
  const tests = records
    .filter(({ suite, failureType }) => !suite && failureType !== 'subtestsFailed')
    .filter((record) => !isPassedProgram(record))
    .map(({ type, name, file, durationMs, skipped, message, stack }) => ({
      file: relative(file),
      name: path.isAbsolute(name) ? relative(name) : name,
      ok: type === 'pass',
      skipped,
      durationMs: Math.round(durationMs * 10) / 10,
      ...(type === 'fail' && { message: `${message}${placeOf(stack, project)}`.slice(0, 300) }),
    }))
    .sort((a, b) => (a.file === b.file ? 0 : a.file < b.file ? -1 : 1));
  const passed = tests.filter(({ ok, skipped }) => ok && !skipped).length;
  const failed = tests.filter(({ ok }) => !ok).length;
  const durationMs = Math.round(tests.reduce((sum, test) => sum + test.durationMs, 0));
  return { total: tests.length, passed, failed, skipped: tests.length - passed - failed, durationMs, tests };
}

/** Node.js reports a program without tests as one test with the program's path as its name. */
const isPassedProgram = ({ type, name }) => type === 'pass' && path.isAbsolute(name);

/** First line of the project in a stack, as ` (src/urls.js:3:5)`. */
function placeOf(stack, project) {
  const found = (stack ?? '').split('\n').find((line) => line.includes(project + path.sep));
  const place = found && /([^\s(]+:\d+:\d+)\)?$/.exec(found)?.[1].replace(/^file:\/\//, '');
  return place ? ` (${path.relative(project, place)})` : '';
}

/** Lines of the library and its commands; tests do not count as covered code. */
function coverageOf(record, snapshot, project) {
  if (!record) throw new AgentError('the test runner measured no coverage');
  const manifest = readPackage(snapshot);
  const measured = new Map(
    record.summary.files.map((file) => [path.relative(project, file.path).split(path.sep).join('/'), file]),
  );
  const files = Object.keys(snapshot)
    .filter((file) => ['library', 'command'].includes(roleOf(file, manifest)))
    .map((file) => fileCoverage(file, measured.get(file), snapshot[file]));
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const coveredLines = files.reduce((sum, file) => sum + file.covered, 0);
  return {
    lines,
    coveredLines,
    ratio: lines === 0 ? 0 : Math.round((coveredLines / lines) * 10_000) / 10_000,
    files,
  };
}

/** A file that no test loads counts with all of its lines. */
function fileCoverage(file, measured, text) {
  if (!measured) return { file, lines: text.split('\n').length, covered: 0, missing: [] };
  const missing = (measured.lines ?? []).filter(({ count }) => count === 0).map(({ line }) => line);
  return { file, lines: measured.totalLineCount, covered: measured.coveredLineCount, missing };
}
