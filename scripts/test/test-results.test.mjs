import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summaryLine } from '../checks/run-checks.mjs';
import { countNodeTests, countTests, failuresOf } from '../checks/test-results.mjs';

const passing = {
  name: 'a.test.ts',
  status: 'passed',
  message: '',
  assertionResults: [{ status: 'passed' }],
};
const failing = {
  name: 'b.test.ts',
  status: 'failed',
  message: '● b is 2',
  assertionResults: [{ status: 'failed' }],
};
const leaking = {
  name: 'c.test.ts',
  status: 'failed',
  message: 'open after the last test',
  assertionResults: [{ status: 'passed' }],
};

const report = (testResults, counts) => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  ...counts,
  testResults,
});

test('a file that fails as a whole counts as one failure beside the tests that fail', () => {
  const counts = countTests(report([passing, failing, leaking], { numPassedTests: 2, numFailedTests: 1 }));
  assert.deepEqual(counts, { passed: 2, failed: 2, skipped: 0 });
});

test('the failures name their file and keep what jest said', () => {
  assert.equal(
    failuresOf(report([passing, failing, leaking])),
    '\nb.test.ts\n● b is 2\n\nc.test.ts\nopen after the last test',
  );
});

test('the last line is plain, and mentions skipped tests only if there are any', () => {
  assert.equal(summaryLine({ passed: 12, failed: 0, skipped: 0 }), '12 passed, 0 failed');
  assert.equal(summaryLine({ passed: 12, failed: 1, skipped: 2 }), '12 passed, 1 failed, 2 skipped');
});

test("the counts of node's own runner are read from its last lines", () => {
  const output =
    '✔ a (1ms)\nℹ tests 4\nℹ suites 0\nℹ pass 2\nℹ fail 1\nℹ cancelled 1\nℹ skipped 0\nℹ todo 0\n';
  assert.deepEqual(countNodeTests(output), { passed: 2, failed: 2, skipped: 0 });
});
