import { possibleFaults } from './faults/possible';
import { planFaults } from './faults/plan';
import { readOptions, USAGE, type Options } from './options';
import { printReport } from './report/print';
import { runChaos } from './run';

/** Pauses in which the system comes to itself; less than some leases, more than others. */
const PAUSE_MS = { least: 500, most: 5_000 };
const LONGEST_AGENT_MS = 8_000;

async function main(): Promise<number> {
  let options: Options | 'help';
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`chaos: ${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const { seed, tasks, minutes, keep, json } = options;
  const from = performance.now();
  const progress = (line: string): void => {
    const seconds = ((performance.now() - from) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`chaos: ${seconds} s  ${line}\n`);
  };
  const report = await runChaos(
    {
      ...{ seed, tasks, keep, overMs: minutes * 60_000 },
      ...{ plan: planFaults(seed, possibleFaults()), pauseMs: PAUSE_MS, longestMs: LONGEST_AGENT_MS },
    },
    progress,
  );
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : printReport(report));
  return report.holds ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(
      `chaos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exit(1);
  },
);
