import type { Proposal } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { Printer } from '../../output/printer';
import { proposalView } from '../../views/proposal';

export const command: CommandDefinition<NamespaceOption> = {
  description:
    'Shows one proposal: its votes in the order in which they were stored, who is missing, its outcome.',
  examples: [{ command: 'swarmctl proposal show p-0198c2d3e4f5', does: 'who has voted for what' }],
  configure: (command) => void declareNamespace(command),
  async run({ args: [id = ''], options: { namespace }, global, io }: Invocation<NamespaceOption>) {
    const api = new HttpApi(global.communicator);
    const proposal = await api.get<Proposal>(paths.proposal(id), { query: { namespace } });
    new Printer(io, global.format).one(proposalView, proposal);
    return EXIT.ok;
  },
};
