import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { Offer } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { durationOption } from '../../global-options';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { inTime } from '../../views/offer';

interface Options extends NamespaceOption {
  borrower: string;
  ttl?: number;
  claim?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Claims an offer for a swarm, and prints the token, by which it is released. Nothing renews it: it holds for --ttl. Swarms of the SDK claim and renew by themselves.',
  examples: [
    {
      command: 'swarmctl offer claim o-0198c2d3e4f5 --borrower eu-west-2 --ttl 30m',
      does: 'for half an hour; exit 5 where somebody else has it',
    },
  ],
  configure(command: Command) {
    declareNamespace(command)
      .requiredOption('--borrower <swarm>', 'who gets it')
      .option('--ttl <duration>', 'how long it holds; 30 s unless told, an hour at most', durationOption)
      .option('--claim <name>', 'the same again, of a claim whose answer was lost, is the same claim');
  },
  async run({ args: [id = ''], options, global, io }: Invocation<Options>) {
    const { borrower, ttl, claim = randomUUID(), namespace } = options;
    const body = { borrower, claim, ttlMs: ttl, namespace };
    const offer = await new HttpApi(global.communicator).post<Offer>(paths.offerVerb(id, 'claim'), body);
    io.stdout.write(`${offer.claim?.token ?? ''}\n`);
    if (offer.claim) io.stderr.write(`claimed; it ends in ${inTime(offer.claim.until, io.clock.now())}\n`);
    return EXIT.ok;
  },
};
