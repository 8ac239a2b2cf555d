import type { Command } from 'commander';
import type { RouteReply } from '@multiswarm/contracts';
import { HttpApi } from '../api/http-api';
import { paths } from '../api/paths';
import type { CommandDefinition, Invocation } from '../command';
import { EXIT } from '../faults';
import { collect, collectPair } from '../options/repeatable';
import { Printer } from '../output/printer';
import { routeView } from '../views/route';

interface Options {
  type?: string;
  namespace?: string;
  capability?: string[];
  region?: string[];
  label?: Record<string, string>;
  near?: string;
  policy?: string;
  kind?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Chooses a swarm or an external endpoint for one request, as POST /v1/route does, and says why. It reserves a slot, which comes free by itself (RESERVATION_HOLD_MS).',
  examples: [
    { command: 'swarmctl route --capability llm', does: 'where would a request go that needs it' },
    {
      command: 'swarmctl route --kind external --region us-east,us-west',
      does: 'among what is registered there',
    },
    { command: 'swarmctl route --near eu-west --policy cost -o json', does: 'with the whole receipt' },
  ],
  configure(command: Command) {
    command
      .option('--type <type>', 'the type of the request')
      .option('--namespace <name>', 'whose request it is')
      .option('--capability <name>', 'what it needs (repeatable)', collect)
      .option('--region <region>', 'where it may go, also eu-* (repeatable)', collect)
      .option('--label <key=value>', 'a label that it needs (repeatable)', collectPair('--label'))
      .option('--near <region>', 'the region it would rather be near to')
      .option('--policy <name>', 'the policy that decides')
      .option('--kind <kind>', 'swarm, external or any');
  },
  run: route,
};

async function route({ options, global, io }: Invocation<Options>): Promise<number> {
  const { type, namespace, capability, region, label, near, policy, kind } = options;
  const routing = near === undefined && policy === undefined ? undefined : { near, policy };
  const requirements = { capabilities: capability, region, labels: label };
  const api = new HttpApi(global.loadBalancer);
  const body = { type, namespace, kind, requirements, routing };
  const reply = await api.post<RouteReply>(paths.route, body);
  new Printer(io, global.format).one(routeView, reply);
  return EXIT.ok;
}
