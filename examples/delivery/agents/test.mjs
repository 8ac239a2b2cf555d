/**
 * Step 4, test_solution: runs the project's real tests on the new snapshot, strictly, and holds the result against the baseline.
 * Input: upstream of the kind `implementation`; optional `test_coverage`, which can only raise what the request demands.
 * Output: kind `test-report`.
 */
import { AgentError } from './lib/agent-error.mjs';
import { log, runAgent, upstream } from './lib/agent.mjs';
import { meetsTarget } from './lib/change-request.mjs';
import { publicSurface } from './lib/public-surface.mjs';
import { runTests, STRICT, withProject } from './lib/run-tests.mjs';

runAgent(async (input) => {
  const { project, request, snapshot, baseline, note, diff, stats } = upstream(input, 'implementation');
  if (!meetsTarget(request.nodeTarget)) {
    throw new AgentError(
      `this agent runs Node.js ${process.versions.node}, the request targets ${request.nodeTarget}`,
    );
  }
  const demanded = demandedCoverage(input, request);
  const { strict, coverage, surface } = await withProject(snapshot, async (place) => ({
    strict: await stage('strict run', () => runTests(place, snapshot, { strict: true })),
    coverage: (await stage('coverage run', () => runTests(place, snapshot, { coverage: true }))).coverage,
    surface: await publicSurface(place, snapshot),
  }));
  const comparison = compare(baseline, strict.run, surface);
  throwOnFaults(faultsOf({ run: strict.run, coverage, comparison, demanded }));
  log(
    `${strict.run.passed} of ${strict.run.total} tests pass under ${STRICT}; ${percent(coverage.ratio)} of the lines are covered, ${percent(demanded)} demanded`,
  );
  return {
    kind: 'test-report',
    project,
    request,
    snapshot,
    note,
    diff,
    stats,
    report: {
      node: process.versions.node,
      flags: STRICT,
      demandedCoverage: demanded,
      run: strict.run,
      coverage,
      comparison,
    },
  };
});

async function stage(name, run) {
  const result = await run();
  const { passed, total, durationMs } = result.run;
  log(`${name}: ${passed} of ${total} tests pass in ${durationMs} ms`);
  return result;
}

function demandedCoverage({ test_coverage: own }, { testCoverage }) {
  if (own === undefined) return testCoverage;
  if (typeof own !== 'number' || own < 0 || own > 1)
    throw new AgentError('"test_coverage" must be a number from 0 to 1');
  return Math.max(own, testCoverage);
}

/** What changed between the baseline and now, test by test. */
function compare(baseline, run, surface) {
  const key = ({ file, name }) => `${file}: ${name}`;
  const before = new Map(baseline.run.tests.map((test) => [key(test), test]));
  const now = new Map(run.tests.map((test) => [key(test), test]));
  const names = (tests, keep) => [...tests].filter(([name, test]) => keep(name, test)).map(([name]) => name);
  return {
    before: { total: baseline.run.total, passed: baseline.run.passed, coverage: baseline.coverage.ratio },
    added: names(now, (name) => !before.has(name)),
    missing: names(before, (name) => !now.has(name)),
    broken: names(now, (name, { ok }) => !ok && before.get(name)?.ok === true),
    repaired: names(now, (name, { ok }) => ok && before.get(name)?.ok === false),
    publicApi: surfaceChanges(baseline.surface, surface),
  };
}

function surfaceChanges(before, now) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name}: ${before[name] ?? 'absent'} became ${now[name] ?? 'absent'}`);
}

function faultsOf({ run, coverage, comparison, demanded }) {
  const faults = run.tests
    .filter(({ ok }) => !ok)
    .map(({ file, name, message }) => `failed: ${file}: ${name}: ${message}`);
  if (faults.length > 0) faults.push(`${run.failed} of ${run.total} tests fail`);
  if (comparison.missing.length > 0)
    faults.push(`tests of the baseline are gone: ${comparison.missing.join('; ')}`);
  if (comparison.publicApi.length > 0)
    faults.push(`the public API changed: ${comparison.publicApi.join('; ')}`);
  if (coverage.ratio < demanded)
    faults.push(
      `only ${percent(coverage.ratio)} of the lines are covered, ${percent(demanded)} are demanded: ${uncovered(coverage)}`,
    );
  return faults;
}

function uncovered({ files }) {
  return files
    .filter(({ lines, covered }) => covered < lines)
    .map(
      ({ file, lines, covered, missing }) =>
        `${file} ${covered}/${lines}${missing.length > 0 ? ` (lines ${missing.slice(0, 10).join(', ')})` : ''}`,
    )
    .join('; ');
}

function throwOnFaults(faults) {
  if (faults.length > 0) throw new AgentError(faults.slice(0, 20).join('\n'));
}

const percent = (ratio) => `${(ratio * 100).toFixed(1)}%`;
