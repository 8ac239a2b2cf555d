import type { Command } from 'commander';
import type { Offer } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { inTime } from '../../views/offer';

interface Options extends NamespaceOption {
  lender: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Takes an offer back: at once, or when the claim on it ends, which cannot be renewed any more.',
  examples: [
    { command: 'swarmctl offer withdraw o-0198c2d3e4f5 --lender eu-west-1', does: 'nobody else claims it' },
  ],
  configure(command: Command) {
    declareNamespace(command).requiredOption('--lender <swarm>', 'whose offer it is');
  },
  async run({ args: [id = ''], options, global, io }: Invocation<Options>) {
    const path = paths.offerVerb(id, 'withdraw');
    const { claim } = await new HttpApi(global.communicator).post<Offer>(path, { ...options });
    const until = claim ? `; ${claim.borrower} has it for ${inTime(claim.until, io.clock.now())} more` : '';
    io.stderr.write(`withdrawn ${id}${until}\n`);
    return EXIT.ok;
  },
};
