import type { Offer } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { Printer } from '../../output/printer';
import { offerView } from '../../views/offer';

export const command: CommandDefinition<NamespaceOption> = {
  description: 'Shows one offer, and who has claimed it under which token.',
  examples: [{ command: 'swarmctl offer get o-0198c2d3e4f5 -o wide', does: 'with the token of its claim' }],
  configure: (command) => void declareNamespace(command),
  async run({ args: [id = ''], options: { namespace }, global, io }: Invocation<NamespaceOption>) {
    const offer = await new HttpApi(global.communicator).get<Offer>(paths.offer(id), {
      query: { namespace },
    });
    new Printer(io, global.format).one(offerView, offer);
    return EXIT.ok;
  },
};
