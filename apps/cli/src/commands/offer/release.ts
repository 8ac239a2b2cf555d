import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { integerOption } from '../../options/repeatable';

interface Options extends NamespaceOption {
  borrower: string;
  token: number;
}

export const command: CommandDefinition<Options> = {
  description:
    'Gives a claim back, under its token; the offer is open again. Exit 5 where it is not held under that.',
  examples: [
    {
      command: 'swarmctl offer release o-0198c2d3e4f5 --borrower eu-west-2 --token 17',
      does: 'the token is what "offer claim" has printed',
    },
  ],
  configure(command: Command) {
    declareNamespace(command)
      .requiredOption('--borrower <swarm>', 'who has it')
      .requiredOption('--token <n>', 'of the claim', integerOption('--token', 1, Number.MAX_SAFE_INTEGER));
  },
  async run({ args: [id = ''], options, global, io }: Invocation<Options>) {
    await new HttpApi(global.communicator).post(paths.offerVerb(id, 'release'), { ...options });
    io.stderr.write(`released ${id}\n`);
    return EXIT.ok;
  },
};
