import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FAULTS, underFaults, type Fault } from './faults';
import { judgeHistories } from './histories';

const USAGE = `npm run linearizability -- histories [DIR]
npm run linearizability -- faults [--seconds 60] [--seed 1] [--clients 6] [--keys 4] [--pause-ms 5] [--only kill,restart,freeze]

  histories  checks every recorded history of DIR (default: linearizability-histories in BENCH_DATA)
  faults     records what clients of shared state see while the servers of a cluster of three die, and checks it
`;

async function histories(folder: string): Promise<number> {
  let wrong = 0;
  let count = 0;
  for await (const { history, expected, verdict, ms } of judgeHistories(folder)) {
    count += 1;
    const isRight = verdict === expected;
    if (!isRight) wrong += 1;
    process.stdout.write(`${isRight ? 'ok   ' : 'WRONG'} ${history}: ${verdict} (${ms.toFixed(0)} ms)\n`);
  }
  process.stdout.write(`${count - wrong} of ${count} verdicts are right\n`);
  return wrong === 0 && count > 0 ? 0 : 1;
}

async function faults(args: string[]): Promise<number> {
  const number = { type: 'string' as const };
  const { values } = parseArgs({
    args,
    options: {
      seconds: number,
      seed: number,
      clients: number,
      keys: number,
      'pause-ms': number,
      only: number,
    },
  });
  const { seconds = '60', seed = '1', clients = '6', keys = '4', 'pause-ms': pauseMs = '5', only } = values;
  const kinds = only === undefined ? FAULTS : FAULTS.filter((kind: Fault) => only.split(',').includes(kind));
  const report = await underFaults(
    {
      ...{ seconds: Number(seconds), seed: Number(seed), clients: Number(clients), keys: Number(keys) },
      ...{ pauseMs: Number(pauseMs), faults: kinds },
    },
    (line) => process.stderr.write(`${line}\n`),
  );
  process.stdout.write(`${JSON.stringify({ ...report, faults: report.faults.length }, null, 2)}\n`);
  return report.verdict === 'linearizable' ? 0 : 1;
}

async function main([command, ...rest]: readonly string[]): Promise<number> {
  const data = process.env['BENCH_DATA'];
  const folder = rest[0] ?? (data === undefined ? undefined : join(data, 'linearizability-histories'));
  if (command === 'histories' && folder !== undefined) return histories(folder);
  if (command === 'faults') return faults([...rest]);
  process.stderr.write(USAGE);
  return 2;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
