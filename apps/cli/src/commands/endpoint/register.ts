import type { Command } from 'commander';
import type { Endpoint, Resources, Scalar } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { durationOption } from '../../global-options';
import {
  collect,
  collectAttribute,
  collectPair,
  integerOption,
  numberOption,
} from '../../options/repeatable';
import { collectResource } from '../../options/resources';
import { Printer } from '../../output/printer';
import { endpointView } from '../../views/endpoint';

interface Options {
  region?: string;
  slots?: number;
  type?: string[];
  capability?: string[];
  label?: Record<string, string>;
  attribute?: Record<string, Scalar | Scalar[]>;
  resource?: Resources;
  costPerHour?: number;
  weight?: number;
  ttl?: number;
  ifRevision?: number;
}

export const command: CommandDefinition<Options> = {
  description:
    'Registers what is no swarm, so that requests are routed to it; tasks never are. The same again renews it, something else replaces it.',
  examples: [
    {
      command:
        'swarmctl endpoint register gpu_swarm gpu.endpoint --region us-east --weight 2 --cost-per-hour 5',
      does: 'up until it is removed',
    },
    {
      command:
        'swarmctl endpoint register llm https://llm.example --region eu-west --capability llm --slots 8 --ttl 30s',
      does: 'down unless the same is said again within 30 seconds',
    },
  ],
  configure(command: Command) {
    command
      .option('--region <region>', 'where it is (required)')
      .option('--slots <n>', 'requests at a time', integerOption('--slots', 1, 10_000))
      .option('--type <type>', 'what it handles; all, if left out (repeatable)', collect)
      .option('--capability <name>', 'what it can do (repeatable)', collect)
      .option('--label <key=value>', 'a label (repeatable)', collectPair('--label'))
      .option('--attribute <key=value>', 'an attribute (repeatable)', collectAttribute)
      .option(
        '--resource <name=amount>',
        'cpu, memoryMb, gpu, gpu.<type>, or a counter of its own (repeatable)',
        collectResource,
      )
      .option('--cost-per-hour <usd>', 'price of the whole endpoint', numberOption('--cost-per-hour'))
      .option('--weight <n>', 'its share where a policy goes by weights', numberOption('--weight'))
      .option('--ttl <duration>', 'down unless registered again in time', durationOption)
      .option(
        '--if-revision <n>',
        'only if it still has this revision',
        integerOption('--if-revision', 1, Number.MAX_SAFE_INTEGER),
      );
  },
  run: register,
};

async function register({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const [swarmId, address] = args;
  const { region, type, capability, label, attribute, resource, ttl, ifRevision, ...rest } = options;
  if (region === undefined) throw usageFault('--region is missing', 'say where it is: --region us-east');
  const given = {
    ...{ types: type, capabilities: capability, labels: label, attributes: attribute, ttlMs: ttl },
    ...(resource === undefined ? {} : { resources: resource }),
  };
  const onlyIf = ifRevision === undefined ? {} : { ifMatch: `"${ifRevision}"` };
  const api = new HttpApi(global.loadBalancer);
  const body = { swarmId, address, region, ...rest, ...given };
  const endpoint = await api.post<Endpoint>(paths.endpoints, body, onlyIf);
  new Printer(io, global.format).one(endpointView, endpoint);
  return EXIT.ok;
}
