import type { Barrier } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { Printer } from '../../output/printer';
import { barrierView } from '../../views/agreement';

export const command: CommandDefinition<NamespaceOption> = {
  description: 'Shows who waits at a barrier, and in which round it is.',
  examples: [{ command: 'swarmctl barrier get data-is-loaded', does: 'who has arrived' }],
  configure: (command) => void declareNamespace(command),
  async run({ args: [name = ''], options: { namespace }, global, io }: Invocation<NamespaceOption>) {
    const api = new HttpApi(global.communicator);
    const barrier = await api.get<Barrier>(paths.barrier(name), { query: { namespace } });
    new Printer(io, global.format).one(barrierView, barrier);
    return EXIT.ok;
  },
};
