export const NO_TESTS = { passed: 0, failed: 0, skipped: 0 };

/** Counts of a jest report. A file that failed as a whole (it did not load, or left something open) is one more failure. */
export function countTests(report) {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(hasFailed),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Counts at the end of the output of node's own test runner. */
export function countNodeTests(output) {
  const count = (key) => Number(new RegExp(`^ℹ ${key} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  return {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  };
}

/** What jest has to say about each file that failed. */
export function failuresOf(report) {
  const failed = report.testResults.filter((file) => file.status === 'failed');
  return failed.map((file) => `\n${file.name}\n${file.message}`).join('\n');
}

function hasFailed(assertion) {
  return assertion.status === 'failed';
}
