import type { Lease } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { Printer } from '../../output/printer';
import { leaseView } from '../../views/agreement';

export const command: CommandDefinition<NamespaceOption> = {
  description: 'Shows who holds a lease, under which token, and until when.',
  examples: [{ command: 'swarmctl lease get nightly-report', does: 'held or free' }],
  configure: (command) => void declareNamespace(command),
  async run({ args: [name = ''], options: { namespace }, global, io }: Invocation<NamespaceOption>) {
    const lease = await new HttpApi(global.communicator).get<Lease>(paths.lease(name), {
      query: { namespace },
    });
    new Printer(io, global.format).one(leaseView, lease);
    return EXIT.ok;
  },
};
