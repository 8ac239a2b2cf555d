import type { Command } from 'commander';
import { agentSwarm } from '../../agents/agent-swarm';
import { serve } from '../../agents/serve';
import type { CommandDefinition, Invocation } from '../../command';
import { loadFleet, type FleetSwarm } from '../../dev/fleet';
import { usageFault } from '../../faults';
import { addEndingOptions } from '../../ending-options';
import { collect } from '../../options/repeatable';

interface FleetRunOptions {
  region?: string[];
  grace: number;
  drain: number;
}

export const command: CommandDefinition<FleetRunOptions> = {
  description: `Runs the swarms of a fleet file in one process, against servers that run already. The file lists swarms under "swarms":

  swarms:
    - id: eu-west-counters
      region: eu-west
      slots: 2
      types: [count]
      exec: jq '{length: (.text|length)}'

Further fields: capabilities, attributes, labels, resources, costPerHour. "exec" is the agent, as in "swarmctl swarm run --help";
without it the swarm holds its slot for input.holdMs milliseconds.
SIGTERM or Ctrl-C drains all of them: nothing new, what runs may finish within --drain. A second one ends them at once.`,
  examples: [
    {
      command: 'swarmctl fleet run examples/delivery/fleet.yaml',
      does: 'every swarm of the file, from the root of the repository',
    },
    {
      command: 'swarmctl fleet run examples/delivery/fleet.yaml --region us-east --servers nats://nats:4222',
      does: 'only those of one region',
    },
  ],
  configure(command: Command) {
    addEndingOptions(
      command.option('--region <region>', 'only the swarms of this region (repeatable)', collect),
    );
  },
  run: runFleet,
};

async function runFleet({ args, options, global, io }: Invocation<FleetRunOptions>): Promise<number> {
  const [file = ''] = args;
  const fleet = inRegions(await loadFleet(file, io), options.region);
  const { servers } = global;
  const { grace: graceMs, drain: drainMs } = options;
  const members = fleet.map(({ exec, ...profile }) =>
    agentSwarm({ profile, exec, servers, graceMs, drainMs }, io),
  );
  return serve(members, io);
}

function inRegions(fleet: FleetSwarm[], regions: readonly string[] | undefined): FleetSwarm[] {
  const known = new Set(fleet.map(({ region }) => region));
  const unknown = regions?.filter((region) => !known.has(region)) ?? [];
  if (unknown.length > 0 || known.size === 0) {
    const hint = `its regions: ${[...known].join(', ') || 'none'}`;
    throw usageFault(`the file has no swarm in ${unknown.join(', ') || 'any region'}`, hint);
  }
  return regions === undefined ? fleet : fleet.filter(({ region }) => regions.includes(region));
}
