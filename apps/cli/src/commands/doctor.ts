import type { Command } from 'commander';
import { isAbsolute } from 'node:path';
import { HttpApi } from '../api/http-api';
import type { CommandDefinition, Invocation } from '../command';
import { configuredPorts, directoriesOf } from '../dev/stack-settings';
import type { Check } from '../doctor/checks';
import { checkBinary, checkBuilt, checkNode, checkWritable } from '../doctor/machine';
import { checkPorts } from '../doctor/network';
import { checkDeeply, deepSum, findingsOf } from '../doctor/deep-check';
import { checkPayloads, isClean, payloadSum } from '../doctor/payload-check';
import { EXIT, usageFault } from '../faults';
import type { Io } from '../io';
import { confirm } from '../options/confirm';
import { repeatedInteger } from '../options/repeatable';
import { userIn } from '../options/user';
import { paint, type Paint } from '../output/paint';
import { Printer } from '../output/printer';
import type { View } from '../output/printer';
import { alignRows } from '../output/table';
import { findingView } from '../views/shard-finding';

interface Options {
  dataDir: string;
  deep?: boolean;
  repair?: boolean;
  shard: number[];
  reason?: string;
  requestedBy?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Checks Node.js, nats-server, redis-server, the build, the data directory, the ports of the development system, and, where it runs, ' +
    'its health, JetStream and the durability of Redis. Each finding comes with its remedy. Exit 1 when something must be done.\n\n' +
    'With --deep it recounts instead, while the system goes on, what is kept beside the tasks: counts, indexes, memory and timers of the owners, the queue and the limits of the ' +
    'scheduler, what waits for JetStream, and which payloads are stored. It only tells what differs, unless --repair is given.',
  examples: [
    { command: 'swarmctl doctor', does: 'check everything' },
    { command: 'ORCHESTRATOR_PORT=9080 swarmctl doctor', does: 'with other ports' },
    { command: 'swarmctl doctor -o json', does: 'for programs' },
    { command: 'swarmctl doctor --deep', does: 'recount everything, and change nothing' },
    { command: 'swarmctl doctor --deep --repair --reason "after the crash"', does: 'and mend what differs' },
    { command: 'swarmctl doctor --deep --shard 3 -o wide', does: 'one shard, with the places' },
  ],
  configure(command: Command) {
    command
      .option('--data-dir <dir>', 'data and logs of "swarmctl dev"', '.multiswarm')
      .option('--deep', 'recount counts, indexes, memory, queues and limits against the task records')
      .option('--repair', 'with --deep: mend what differs; without it nothing is changed')
      .option('--shard <n>', 'with --deep: only this shard; may be repeated', repeatedInteger('--shard'), [])
      .option('--reason <text>', 'with --repair: kept in the log of the orchestrator')
      .option('--requested-by <name>', 'who asks, kept in the log (default: the name of the user)');
  },
  run: doctor,
};

const view: View<Check> = { name: ({ name }) => name, none: '', columns: () => [] };

async function doctor(invocation: Invocation<Options>): Promise<number> {
  const { options, global, io } = invocation;
  if (options.deep) return deep(invocation);
  if (options.repair || options.shard.length > 0)
    throw usageFault('--repair and --shard belong to --deep', 'say --deep');
  const directories = directoriesOf(options.dataDir, isAbsolute(options.dataDir) ? '/' : io.cwd);
  const checks: Check[] = [
    checkNode(process.version),
    await checkBinary('nats-server', io.env),
    await checkBinary('redis-server', io.env),
    checkBuilt(),
    await checkWritable(directories.data),
    ...(await checkPorts(configuredPorts(io.env))),
  ];
  if (global.format === 'table' || global.format === 'wide')
    io.stdout.write(report(checks, paint(io.stdout, io.env)));
  else new Printer(io, global.format).list(view, checks);
  return checks.some(({ status }) => status === 'fail') ? EXIT.workFailed : EXIT.ok;
}

async function deep({ options, global, io }: Invocation<Options>): Promise<number> {
  const { repair = false, shard, reason, requestedBy = userIn(io.env) } = options;
  if (repair) {
    const yes = await confirm('mend what differs from the task records', global, io);
    if (!yes) return EXIT.ok;
  }
  const asked = { repair, shards: shard.length > 0 ? [...new Set(shard)] : undefined, reason, requestedBy };
  const api = new HttpApi(global.url);
  const reports = await checkDeeply(api, asked, progressOn(io.stderr, io.clock));
  const payloads = shard.length > 0 ? undefined : await checkPayloads(api, repair);
  const findings = findingsOf(reports);
  const rest = { shards: reports.map(({ findings: _listed, ...report }) => report), payloads };
  new Printer(io, global.format).list(findingView, findings, null, rest);
  for (const { shard: of, skipped } of reports)
    for (const what of skipped) io.stderr.write(`shard ${of} was not checked for ${what}\n`);
  io.stderr.write(`${deepSum(reports)}\n${payloads === undefined ? '' : `${payloadSum(payloads)}\n`}`);
  const isWrong = reports.some(({ found, repaired }) => found > repaired) || !isClean(payloads);
  return isWrong ? EXIT.workFailed : EXIT.ok;
}

const SAY_EVERY_MS = 1_000;

/** On a terminal one line that is overwritten. */
function progressOn(sink: Io['stderr'], clock: Io['clock']): Parameters<typeof checkDeeply>[2] {
  let saidAt = -Infinity;
  return (reports, all) => {
    const done = reports.filter(({ state }) => state === 'done').length;
    if (clock.monotonic() - saidAt < SAY_EVERY_MS && done < all) return;
    saidAt = clock.monotonic();
    const looked = reports.reduce((sum, { looked: each }) => sum + each, 0);
    const found = reports.reduce((sum, { found: each }) => sum + each, 0);
    const line = `${done} of ${all} shards, ${looked} records, ${found} findings`;
    sink.write(sink.isTty ? `\r\u001b[K${line}${done === all ? '\n' : ''}` : `${line}\n`);
  };
}

function report(checks: readonly Check[], color: Paint): string {
  const marks = { ok: color.green('✓'), warn: color.yellow('!'), fail: color.red('✗') };
  const lines = alignRows(
    checks.map(({ name, status, detail, remedy }) => [
      marks[status],
      name,
      remedy === undefined ? detail : `${detail}: ${remedy}`,
    ]),
  );
  const failed = checks.filter(({ status }) => status === 'fail').length;
  return `${lines}\n${failed === 0 ? 'all is well' : `${failed} to mend`}\n`;
}
