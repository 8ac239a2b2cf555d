/** `npm run verify`: everything that has to hold before a commit. */
import { BUILD_CHECK, STATIC_CHECKS } from './checks/checks.mjs';
import { runChecks, summaryLine } from './checks/run-checks.mjs';

const counts = await runChecks(STATIC_CHECKS, BUILD_CHECK);
process.stdout.write(`${summaryLine(counts)}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
