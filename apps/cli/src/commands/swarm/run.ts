import type { Command } from 'commander';
import { LIMITS, type Resources, type SwarmProfile } from '@multiswarm/contracts';
import { agentSwarm } from '../../agents/agent-swarm';
import { serve } from '../../agents/serve';
import type { CommandDefinition, Invocation } from '../../command';
import { usageFault } from '../../faults';
import { addEndingOptions } from '../../ending-options';
import {
  collect,
  collectAttribute,
  collectPair,
  integerOption,
  numberOption,
} from '../../options/repeatable';
import { collectResource } from '../../options/resources';

function weightOption(text: string): number {
  const weight = numberOption('--weight')(text);
  if (weight > 0 && weight <= LIMITS.SWARM_WEIGHT) return weight;
  throw usageFault(`--weight must be more than 0 and at most ${LIMITS.SWARM_WEIGHT}, not "${text}"`);
}

type Scalar = string | number | boolean;

export interface SwarmRunOptions {
  id: string;
  region: string;
  slots: number;
  type?: string[];
  capability?: string[];
  attribute?: Record<string, Scalar | Scalar[]>;
  label?: Record<string, string>;
  resource?: Resources;
  costPerHour: number;
  weight?: number;
  exec?: string;
  hold?: boolean;
  grace: number;
  drain: number;
}

export const command: CommandDefinition<SwarmRunOptions> = {
  description: `Runs a swarm: a pool of agents in one region. Each attempt is one run of an executable, in any language:

  stdin    the effective input, one JSON value; outputs of earlier steps under "upstream"
  stdout   the output, one JSON value (nothing is null), at most ${LIMITS.PAYLOAD_BYTES / 1024 / 1024} MiB
  stderr   its log; the end of it becomes part of an error
  exit     0 is success; anything else fails the attempt, which is retried by the task's policy
  env      MULTISWARM_TASK_ID, _TASK_TYPE, _WORKFLOW_ID, _STEP, _ATTEMPT, _SWARM_ID, _REGION, and TRACEPARENT
  cancel   SIGTERM to its process group, SIGKILL after --grace

--hold runs nothing: it occupies the slot for input.holdMs milliseconds, as replayed WfCommons workflows ask for.
SIGTERM or Ctrl-C drains: nothing new, what runs may finish within --drain. A second one ends it at once.`,
  examples: [
    {
      command: `swarmctl swarm run --id eu-west-counters --region eu-west --type count --exec 'jq "{length: (.text|length)}"'`,
      does: 'jq as an agent',
    },
    {
      command: `swarmctl swarm run --id us-east-gpu --region us-east --slots 4 --capability gpu --attribute gpu_memory=40 --label zone=b --resource gpu.a100=4 --cost-per-hour 12 --exec 'python agent.py'`,
      does: 'say what it can do, where it is, what it has and what it costs',
    },
    {
      command: 'swarmctl swarm run --id ap-south-replay --region ap-south --slots 16 --type wfcommons --hold',
      does: 'agents that replay recorded time',
    },
  ],
  configure(command: Command) {
    addEndingOptions(
      command
        .requiredOption('--id <id>', 'unique among all swarms: letters, digits, _ and -')
        .requiredOption('--region <region>', 'where it is')
        .option(
          '--slots <n>',
          'attempts at the same time',
          integerOption('--slots', 1, LIMITS.SWARM_SLOTS),
          1,
        )
        .option('--type <type>', 'a type of task that it handles (repeatable; default: every type)', collect)
        .option('--capability <name>', 'something that it can do (repeatable)', collect)
        .option(
          '--attribute <k=v>',
          'something that it has; a key given twice offers both values (repeatable)',
          collectAttribute,
        )
        .option('--label <k=v>', 'a label (repeatable)', collectPair('--label'))
        .option(
          '--resource <k=n>',
          'what all slots share: cpu, memoryMb, gpu, gpu.<type>, or a counter of your own (repeatable)',
          collectResource,
        )
        .option('--cost-per-hour <usd>', 'price of the whole swarm', numberOption('--cost-per-hour'), 0)
        .option(
          '--weight <n>',
          'its share beside others under the policy weighted (default: 1)',
          weightOption,
        )
        .option('--exec <command>', 'the agent: a command for sh -c')
        .option('--hold', 'the agent: occupy the slot for input.holdMs milliseconds'),
    );
  },
  run: runSwarm,
};

async function runSwarm({ options, global, io }: Invocation<SwarmRunOptions>): Promise<number> {
  if ((options.exec === undefined) === (options.hold !== true))
    throw usageFault('give either --exec or --hold');
  const { exec, grace: graceMs, drain: drainMs } = options;
  const { servers } = global;
  return serve([agentSwarm({ profile: profileOf(options), exec, servers, graceMs, drainMs }, io)], io);
}

function profileOf(options: SwarmRunOptions): SwarmProfile {
  return {
    swarmId: options.id,
    region: options.region,
    slots: options.slots,
    costPerHour: options.costPerHour,
    types: options.type ?? ['*'],
    capabilities: options.capability ?? [],
    attributes: options.attribute ?? {},
    labels: options.label ?? {},
    resources: options.resource ?? {},
    ...(options.weight === undefined ? {} : { weight: options.weight }),
  };
}
