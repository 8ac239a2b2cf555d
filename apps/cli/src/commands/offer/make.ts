import type { Command } from 'commander';
import type { Offer, Resources } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { durationOption } from '../../global-options';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { numberOption } from '../../options/repeatable';
import { collectResource } from '../../options/resources';

interface Options extends NamespaceOption {
  lender: string;
  region: string;
  resource?: Resources;
  price?: number;
  ttl?: number;
}

export const command: CommandDefinition<Options> = {
  description:
    'Offers resources in the name of a swarm, and prints the id of the offer. A swarm of the SDK whose resources they are lends them while they are claimed.',
  examples: [
    {
      command:
        'swarmctl offer make --lender eu-west-1 --region eu-west --resource cpu=4 --resource gpu.a100=1 --price 3 --ttl 2h',
      does: 'for two hours, at 3 USD an hour',
    },
  ],
  configure(command: Command) {
    declareNamespace(command)
      .requiredOption('--lender <swarm>', 'whose resources they are')
      .requiredOption('--region <region>', 'where they are')
      .option(
        '--resource <word=amount>',
        'cpu, memoryMb, gpu, gpu.<type>, or a counter; several times for several',
        collectResource,
      )
      .option('--price <usd>', 'per hour, for all of it; nothing unless told', numberOption('--price'))
      .option('--ttl <duration>', 'how long it is there; an hour unless told', durationOption);
  },
  async run({ options, global, io }: Invocation<Options>) {
    const { lender, region, resource, price, ttl, namespace } = options;
    if (resource === undefined) throw usageFault('nothing is offered', 'say what, such as --resource cpu=4');
    const body = { lender, region, resources: resource, pricePerHour: price, ttlMs: ttl, namespace };
    const { id } = await new HttpApi(global.communicator).post<Offer>(paths.offers, body);
    io.stdout.write(`${id}\n`);
    return EXIT.ok;
  },
};
