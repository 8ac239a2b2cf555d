import type { Command } from 'commander';
import { isAbsolute, join } from 'node:path';
import { HttpApi } from '../api/http-api';
import type { CommandDefinition, Invocation } from '../command';
import { DataDirectory } from '../dev/data-directory';
import { demoReport, runDemo } from '../dev/demo';
import { loadFleet, replaySwarms, type FleetSwarm } from '../dev/fleet';
import { addresses, ROOT, type Stack } from '../dev/programs';
import { RunningStack } from '../dev/running-stack';
import { claimPorts, configuredPorts, directoriesOf } from '../dev/stack-settings';
import { untilToldToEnd } from '../dev/until-told-to-end';
import { welcome } from '../dev/welcome';
import { EXIT, usageFault } from '../faults';
import type { Io } from '../io';
import { confirm } from '../options/confirm';
import { Announcer } from '../output/announcer';
import { formatMs } from '../output/durations';
import { paint } from '../output/paint';
import { Reaper } from '../processes/reaper';

interface Options {
  demo?: boolean;
  once?: boolean;
  fleet?: string;
  dataDir: string;
  fresh?: boolean;
}

const DEFAULT_FLEET = join(ROOT, 'examples', 'delivery', 'fleet.yaml');

export const command: CommandDefinition<Options> = {
  description:
    'Starts nats-server, redis-server, the three services and a fleet on this machine, each as a process of its own, and keeps ' +
    'them running: one that dies is started again. Ctrl-C ends everything in order. Data survives in --data-dir.\n\n' +
    'Ports: ORCHESTRATOR_PORT (8080), LOAD_BALANCER_PORT (8081), COMMUNICATOR_PORT (8082), NATS_PORT (4222), REDIS_PORT (6379); ' +
    '0 takes a free one. With OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL, a swarm that writes with that model joins the fleet. ' +
    'Every region of the fleet also gets a swarm that replays WfCommons workflows.',
  examples: [
    { command: 'swarmctl dev', does: 'everything, ready for your own work' },
    { command: 'swarmctl dev --demo', does: 'and the delivery workflow, shown step by step' },
    {
      command: 'swarmctl dev --demo --once',
      does: 'the same, ended by itself: exit 0 when the workflow succeeded',
    },
    {
      command: 'NATS_PORT=4333 ORCHESTRATOR_PORT=9080 swarmctl dev --data-dir /tmp/two --fleet my-fleet.yaml',
      does: 'a second system beside the first',
    },
  ],
  configure(command: Command) {
    command
      .option('--demo', 'submit the delivery workflow and show it')
      .option('--once', 'end by itself after the demo (or, without one, when everything is up)')
      .option('--fleet <file>', 'the swarms to start (default: examples/delivery/fleet.yaml)')
      .option('--data-dir <dir>', 'data and logs', '.multiswarm')
      .option('--fresh', 'delete the data of earlier runs first');
  },
  run: dev,
};

async function dev({ options, global, io }: Invocation<Options>): Promise<number> {
  configuredPorts(io.env);
  const fleet = await fleetOf(options, io);
  const directories = directoriesOf(options.dataDir, isAbsolute(options.dataDir) ? '/' : io.cwd);
  if (options.fresh && !(await confirm(`delete the data in ${directories.data}`, global, io)))
    throw usageFault('nothing was deleted, nothing was started');
  for (const name of ['NATS_URL', 'REDIS_URL']) {
    if (io.env[name]) io.stderr.write(`note: dev starts its own servers; ${name} is not used\n`);
  }

  const directory = new DataDirectory(directories, io.clock);
  const requested = configuredPorts(io.env);
  await directory.open(`http://127.0.0.1:${requested.orchestrator}`);
  try {
    // After `open`, which ends what a crash left behind on these ports.
    const stack: Stack = { ports: await claimPorts(io.env), directories, env: io.env };
    await directory.announce(addresses(stack).url);
    if (options.fresh) await directory.wipe();
    return await run(stack, fleet, directory, options, io);
  } finally {
    await directory.close();
  }
}

async function fleetOf(options: Options, io: Io): Promise<FleetSwarm[]> {
  const fleet = await loadFleet(options.fleet ?? DEFAULT_FLEET, io);
  return [...fleet, ...replaySwarms(fleet)];
}

async function run(
  stack: Stack,
  fleet: FleetSwarm[],
  directory: DataDirectory,
  options: Options,
  io: Io,
): Promise<number> {
  const announcer = new Announcer(io.stderr);
  const { say } = announcer;
  const running = new RunningStack(stack, {
    clock: io.clock,
    random: io.random,
    reaper: new Reaper(),
    directory,
    say,
  });
  return untilToldToEnd(io, running, async (signal) => {
    const began = io.clock.monotonic();
    say(`starting NATS, Redis, three services and ${fleet.length} swarms`);
    await running.start(fleet);
    say(`everything is up after ${formatMs(io.clock.monotonic() - began)}`);
    const exit = options.demo ? await demo(stack, io, signal, announcer) : EXIT.ok;
    if (options.once) return { exit, stay: false };
    io.stdout.write(welcome(stack, paint(io.stdout, io.env)));
    say('\nCtrl-C ends everything');
    return { exit, stay: true };
  });
}

async function demo(stack: Stack, io: Io, signal: AbortSignal, announcer: Announcer): Promise<number> {
  const result = await runDemo(new HttpApi(addresses(stack).url), io, signal, announcer);
  io.stdout.write(demoReport(result, paint(io.stdout, io.env), io.clock.now()));
  return result.workflow.state === 'succeeded' ? EXIT.ok : EXIT.workFailed;
}
