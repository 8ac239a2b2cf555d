import type { Command } from 'commander';
import type { RouteReply } from '@multiswarm/contracts';
import { HttpApi } from '../api/http-api';
import { paths } from '../api/paths';
import type { CommandDefinition, Invocation } from '../command';
import { EXIT } from '../faults';
import { durationOption } from '../global-options';
import { declareNeeds, given, needsOf, type NeedOptions } from '../options/needs';
import { declareWishes, wishesOf, type WishOptions } from '../options/wishes';
import { Printer } from '../output/printer';
import { routeView } from '../views/route';

interface Options extends NeedOptions, WishOptions {
  type?: string;
  namespace?: string;
  kind?: string;
  estimate?: number;
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
    {
      command: `swarmctl route --attribute 'gpu_memory>=40' --prefer '80 label tier=gold' --near eu-west`,
      does: 'what it must have, and what it would rather have',
    },
    { command: 'swarmctl route --near eu-west --policy cost -o json', does: 'with the whole receipt' },
  ],
  configure(command: Command) {
    command
      .option('--type <type>', 'the type of the request')
      .option('--namespace <name>', 'whose request it is')
      .option('--kind <kind>', 'among swarms, external endpoints, or any: swarm, external or any')
      .option('--policy <name>', 'the policy that chooses: see "swarmctl policy list"')
      .option('--estimate <duration>', 'how long you think it takes', durationOption);
    declareNeeds(command);
    declareWishes(command);
  },
  run: route,
};

async function route({ options, global, io }: Invocation<Options>): Promise<number> {
  const { type, namespace, kind, estimate } = options;
  const asked = { requirements: needsOf(options), routing: wishesOf(options), estimateMs: estimate };
  const api = new HttpApi(global.loadBalancer);
  const body = given({ type, namespace, kind, ...asked });
  const reply = await api.post<RouteReply>(paths.route, body);
  new Printer(io, global.format).one(routeView, reply);
  return EXIT.ok;
}
