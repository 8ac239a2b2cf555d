import { DeadlineMissed } from './deadline';
import { messagesMain } from './messages/main';
import { readOptions, USAGE, type Options } from './options';
import { printReport } from './report/print';
import { writeReport } from './report/write';
import { runChaos } from './run';
import { scenarioOf } from './scenarios';

async function main(): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const from = performance.now();
  const progress = (line: string): void => {
    const seconds = ((performance.now() - from) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`chaos: ${seconds} s  ${line}\n`);
  };
  const [command, ...rest] = process.argv.slice(2);
  return command === 'messages' ? messagesMain(rest, progress) : tasksMain(progress);
}

async function tasksMain(progress: (line: string) => void): Promise<number> {
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
  const report = await runChaos(scenarioOf(options), progress);
  const file = await writeReport(options.out, report);
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : printReport(report));
  progress(`the report is in ${file}`);
  return report.holds ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const told = error instanceof Error && !(error instanceof DeadlineMissed) ? error.stack : String(error);
    process.stderr.write(`chaos: ${told ?? String(error)}\n`);
    process.exit(1);
  },
);
