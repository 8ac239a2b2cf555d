import type { Command } from 'commander';
import type { Simulation } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { readValue } from '../../options/json-input';
import { declareNeeds, needsOf, type NeedOptions } from '../../options/needs';
import { collect } from '../../options/repeatable';
import { declareWishes, wishesOf, type WishOptions } from '../../options/wishes';
import { Printer } from '../../output/printer';
import { choiceView } from '../../views/decision';
import { waitingText } from '../../views/task-detail';

interface Options extends NeedOptions, Omit<WishOptions, 'policy'> {
  type?: string;
  namespace?: string;
  requirements?: string;
  routing?: string;
  policy?: string[];
}

export const command: CommandDefinition<Options> = {
  description:
    'Says for every policy which swarm it would choose for a request now, and why. Nothing is reserved, and nobody’s turn is over. ' +
    'A star marks the policy that would decide. Exit code 7 where nobody has room.',
  examples: [
    {
      command: `swarmctl policy simulate --requirements '{"requires_gpu":true}'`,
      does: 'where a request for a GPU would go, by every policy',
    },
    {
      command: 'swarmctl policy simulate --type build --policy cost --policy custom:mine',
      does: 'two policies beside each other',
    },
  ],
  configure(command: Command) {
    command
      .option('--type <type>', 'type of the task')
      .option('--namespace <name>', 'for whom')
      .option('--requirements <json>', 'what it requires, as JSON, @file or -')
      .option('--routing <json>', 'what it wishes, as JSON, @file or -')
      .option('--policy <name>', 'only these policies; may be repeated', collect);
    declareNeeds(command);
    declareWishes(command);
  },
  run: simulate,
};

async function simulate({ options, global, io }: Invocation<Options>): Promise<number> {
  const { type, namespace, policy: policies } = options;
  const read = (option: 'requirements' | 'routing'): Promise<unknown> =>
    readValue({ option: `--${option}`, json: options[option], text: undefined }, io);
  const { policy: _, ...wishes } = options;
  const requirements = oneOf('--requirements', await read('requirements'), needsOf(options));
  const routing = oneOf('--routing', await read('routing'), wishesOf(wishes));
  const api = new HttpApi(global.loadBalancer);
  const asked = { type, namespace, requirements, routing, policies };
  const { choices, waiting } = await api.post<Simulation>('/v1/route/simulate', asked);
  new Printer(io, global.format).list(choiceView, choices);
  if (waiting === undefined) return EXIT.ok;
  io.stderr.write(waitingText(waiting));
  return EXIT.unavailable;
}

/** As JSON, or by options of its own: both at once would leave open which counts. */
function oneOf(option: string, json: unknown, parts: Record<string, unknown> | undefined): unknown {
  if (json !== undefined && parts !== undefined)
    throw usageFault(
      `${option} says all of it as JSON, and ${Object.keys(parts).join(', ')} is asked by options of its own`,
      'use one way of saying it',
    );
  return json ?? parts;
}
