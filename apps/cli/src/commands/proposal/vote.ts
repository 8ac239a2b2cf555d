import type { Command } from 'commander';
import type { Proposal } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { Printer } from '../../output/printer';
import { proposalView } from '../../views/proposal';

interface Options extends NamespaceOption {
  member: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Votes in the name of a member, once; the same vote again changes nothing. Prints what came of it.',
  examples: [{ command: 'swarmctl proposal vote p-0198c2d3e4f5 a --member critic', does: 'for "a"' }],
  configure(command: Command) {
    declareNamespace(command).requiredOption('--member <swarm>', 'who votes');
  },
  async run({ args: [id = '', choice = ''], options, global, io }: Invocation<Options>) {
    const path = `${paths.proposal(id)}/votes`;
    const proposal = await new HttpApi(global.communicator).post<Proposal>(path, { ...options, choice });
    new Printer(io, global.format).one(proposalView, proposal);
    return EXIT.ok;
  },
};
