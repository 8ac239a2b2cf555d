/** From the events of Node.js' test runner to results that can be compared. */
import path from 'node:path';
import { AgentError } from './agent-error.mjs';
import { readPackage, roleOf } from './project.mjs';

const MESSAGE_CHARS = 300;

/**
 * @typedef {{ file: string, name: string, ok: boolean, skipped: boolean, durationMs: number, message?: string }} TestResult
 * @typedef {{ total: number, passed: number, failed: number, skipped: number, durationMs: number, tests: TestResult[] }} TestRun
 * @typedef {{ lines: number, coveredLines: number, ratio: number, files: { file: string, lines: number, covered: number, missing: number[] }[] }} Coverage
 */

/** A program that fails as a whole is a failed test of its own; one that only contains failed tests is not counted. */
export function summarize(records, project) {
  const relative = (file) =>
    path
      .relative(project, path.resolve(project, file ?? ''))
      .split(path.sep)
      .join('/');
  const isProgram = ({ name, file }) => relative(name) === relative(file ?? name);
  const tests = records
    .filter(({ type }) => type === 'pass' || type === 'fail')
    .filter(({ suite, failureType }) => !suite && failureType !== 'subtestsFailed')
    .filter((record) => record.type === 'fail' || !isProgram(record))
    .map((record) => {
      const { type, name, file, durationMs, skipped } = record;
      const program = isProgram(record);
      return {
        file: relative(file ?? name),
        name: program ? 'the program as a whole' : name,
        ok: type === 'pass',
        skipped,
        durationMs: Math.round(durationMs * 10) / 10,
        ...(type === 'fail' && {
          message: program
            ? programMessage(file ?? name, relative(file ?? name), records)
            : messageOf(record, project),
        }),
      };
    })
    .sort((a, b) => (a.file === b.file ? 0 : a.file < b.file ? -1 : 1));
  const passed = tests.filter(({ ok, skipped }) => ok && !skipped).length;
  const failed = tests.filter(({ ok }) => !ok).length;
  const durationMs = Math.round(tests.reduce((sum, test) => sum + test.durationMs, 0));
  return { total: tests.length, passed, failed, skipped: tests.length - passed - failed, durationMs, tests };
}

/** Why a program failed as a whole: an error behind the back of its tests, or what it printed. */
function programMessage(file, relative, records) {
  const behind = records.find(({ type, text }) => type === 'diagnostic' && text.includes(` at ${relative}:`));
  const created = /created the error "(.*?)"(?: and|$)/s.exec(behind?.text ?? '')?.[1];
  const lines = records
    .filter((record) => record.type === 'stderr' && record.file === file)
    .flatMap(({ text }) => text.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const printed = lines.find((line) => /\w(Error|Warning)\b.*: /.test(line)) ?? lines.at(-1);
  return (created ?? printed ?? 'it ended with a failure').slice(0, MESSAGE_CHARS);
}

const messageOf = ({ message, stack }, project) =>
  `${message}${placeOf(stack, project)}`.slice(0, MESSAGE_CHARS);

/** First line of the project in a stack, as ` (src/urls.js:3:5)`. */
function placeOf(stack, project) {
  const found = (stack ?? '').split('\n').find((line) => line.includes(project + path.sep));
  const place = found && /([^\s(]+:\d+:\d+)\)?$/.exec(found)?.[1].replace(/^file:\/\//, '');
  return place ? ` (${path.relative(project, place)})` : '';
}

/** Lines of the library and its commands; tests do not count as covered code. */
export function coverageOf(record, snapshot, project) {
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
