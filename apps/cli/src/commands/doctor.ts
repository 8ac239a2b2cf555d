import type { Command } from 'commander';
import { isAbsolute } from 'node:path';
import type { CommandDefinition, Invocation } from '../command';
import { configuredPorts, directoriesOf } from '../dev/stack-settings';
import type { Check } from '../doctor/checks';
import { checkBinary, checkBuilt, checkNode, checkWritable } from '../doctor/machine';
import { checkPorts } from '../doctor/network';
import { EXIT } from '../faults';
import { paint, type Paint } from '../output/paint';
import { Printer } from '../output/printer';
import type { View } from '../output/printer';
import { alignRows } from '../output/table';

interface Options {
  dataDir: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Checks Node.js, nats-server, redis-server, the build, the data directory, the ports of the development system, and, where it runs, ' +
    'its health, JetStream and the durability of Redis. Each finding comes with its remedy. Exit 1 when something must be done.',
  examples: [
    { command: 'swarmctl doctor', does: 'check everything' },
    { command: 'ORCHESTRATOR_PORT=9080 swarmctl doctor', does: 'with other ports' },
    { command: 'swarmctl doctor -o json', does: 'for programs' },
  ],
  configure(command: Command) {
    command.option('--data-dir <dir>', 'data and logs of "swarmctl dev"', '.multiswarm');
  },
  run: doctor,
};

const view: View<Check> = { name: ({ name }) => name, none: '', columns: () => [] };

async function doctor({ options, global, io }: Invocation<Options>): Promise<number> {
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
