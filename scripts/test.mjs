/** `npm test`, after the set-up (which has built already): static checks, then all tests. */
import { STATIC_CHECKS } from './checks/checks.mjs';
import { runChecks, summaryLine } from './checks/run-checks.mjs';

const counts = await runChecks(STATIC_CHECKS);
process.stdout.write(`${summaryLine(counts)}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
