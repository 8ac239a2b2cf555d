import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../setup/command.mjs';
import { ROOT } from '../setup/paths.mjs';
import { formatDuration } from '../setup/report.mjs';
import { jestArgs, scriptTestArgs, TEST_PROJECTS } from './checks.mjs';
import { countNodeTests, countTests, failuresOf, NO_TESTS } from './test-results.mjs';

const AT_ONCE = 2;
const NAME_COLUMNS = 14;
const TEXT_COLUMNS = 44;

/** Runs the static checks, two at a time, then the tests; prints one line for each. Resolves to the counts over all. */
export async function runChecks(checks) {
  const failedChecks = await runStatic(Object.entries(checks));
  const results = [await runScriptTests()];
  for (const project of TEST_PROJECTS) results.push(await runTests(project));
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  return { passed: sum('passed'), failed: sum('failed') + failedChecks, skipped: sum('skipped') };
}

/** `212 passed, 0 failed`: the last line of every run. */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

async function runStatic(checks) {
  const waiting = [...checks];
  let failed = 0;
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (!(await runOne(...next))) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return failed;
}

async function runOne(name, args) {
  const from = performance.now();
  const { code, output } = await node(args());
  printLine(name, code === 0 ? 'ok' : 'FAILED', from);
  if (code !== 0) print(output);
  return code === 0;
}

async function runScriptTests() {
  const from = performance.now();
  const { code, output } = await node(scriptTestArgs());
  return finish('scripts', code, countNodeTests(output), output, from);
}

async function runTests(project) {
  const logs = join(ROOT, '.multiswarm', 'logs');
  mkdirSync(logs, { recursive: true });
  const file = join(logs, `jest-${project}.json`);
  rmSync(file, { force: true });
  const from = performance.now();
  const { code, output } = await node(jestArgs(project, file));
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

function node(args) {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: '1', NODE_ENV: 'test' };
  return run(process.execPath, args, { cwd: ROOT, env });
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
