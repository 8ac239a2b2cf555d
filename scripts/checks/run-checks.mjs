import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../setup/command.mjs';
import { ROOT } from '../setup/paths.mjs';
import { formatDuration } from '../setup/report.mjs';
import { COMPUTING_PROJECTS, jestArgs, scriptTestArgs, TEST_PROJECTS } from './checks.mjs';
import { countNodeTests, countTests, failuresOf, NO_TESTS } from './test-results.mjs';

const AT_ONCE = 2;
/** Gets a processor when nobody else wants it. */
const YIELDING = ['nice', '-n', '19'];
const NAME_COLUMNS = 14;
const TEXT_COLUMNS = 44;

/**
 * Runs the tests one project after the other, and beside them, two at a time, the static checks and the tests that only compute:
 * these take the processor while the others wait for servers and for time to pass, and give way to them otherwise, because some of the others
 * watch the clock. Prints one line for each. Resolves to the counts over all.
 * @param first what the tests need: nothing else begins before
 */
export async function runChecks(checks, first = {}) {
  const before = await inTurn(staticJobs(first));
  const beside = [...COMPUTING_PROJECTS.map(testJob(YIELDING)), ...staticJobs(checks, YIELDING)];
  const tests = [runScriptTests, ...TEST_PROJECTS.map(testJob([]))];
  const results = await Promise.all([inTurn(tests), inTurn(beside, AT_ONCE)]);
  const all = [before, ...results].flat();
  const sum = (key) => all.reduce((total, result) => total + result[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** `212 passed, 0 failed`: the last line of every run. */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Starts a job whenever one of so many has ended; resolves to what all of them answered. */
async function inTurn(jobs, atOnce = 1) {
  const waiting = [...jobs];
  const results = [];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results.push(await next());
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

function staticJobs(checks, through = []) {
  return Object.entries(checks).map(
    ([name, args]) =>
      () =>
        runStatic(name, args(), through),
  );
}

function testJob(through) {
  return (project) => () => runTests(project, through);
}

async function runStatic(name, args, through) {
  const from = performance.now();
  const { code, output } = await node(args, through);
  printLine(name, code === 0 ? 'ok' : 'FAILED', from);
  if (code !== 0) print(output);
  return { ...NO_TESTS, failed: code === 0 ? 0 : 1 };
}

async function runScriptTests() {
  const from = performance.now();
  const { code, output } = await node(scriptTestArgs());
  return finish('scripts', code, countNodeTests(output), output, from);
}

async function runTests(project, through) {
  const logs = join(ROOT, '.multiswarm', 'logs');
  mkdirSync(logs, { recursive: true });
  const file = join(logs, `jest-${project}.json`);
  rmSync(file, { force: true });
  const from = performance.now();
  const { code, output } = await node(jestArgs(project, file), through);
  const report = readReport(file);
  const failures = report && failuresOf(report);
  // Without a report jest itself broke; its output is all there is.
  return finish(project, code, report ? countTests(report) : NO_TESTS, failures || output, from);
}

function finish(name, code, counts, output, from) {
  // A runner that failed without naming a test has failed all the same.
  const counted = code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  printLine(name, summaryLine(counted), from);
  if (counted.failed > 0) print(output);
  return counted;
}

/** @param through a command that runs another, and its arguments */
function node(args, through = []) {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: '1', NODE_ENV: 'test' };
  const [command, ...rest] = [...through, process.execPath, ...args];
  return run(command, rest, { cwd: ROOT, env });
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function printLine(name, text, from) {
  print(
    `  ${name.padEnd(NAME_COLUMNS)}${text.padEnd(TEXT_COLUMNS)}${formatDuration(performance.now() - from)}`,
  );
}

function print(text) {
  process.stdout.write(`${text.trimEnd()}\n`);
}
