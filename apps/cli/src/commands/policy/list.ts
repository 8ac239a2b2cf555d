import type { PolicyTable } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { policyRows, policyView } from '../../views/policy';

export const command: CommandDefinition = {
  description:
    'Lists the routing policies of the load-balancer, and who has chosen which: a namespace, a namespace for one type, or the default. A request may name another one.',
  examples: [
    { command: 'swarmctl policy list', does: 'all of them' },
    { command: 'swarmctl policy list -o json', does: 'the same for programs' },
  ],
  configure: () => undefined,
  async run({ global, io }) {
    const table = await new HttpApi(global.loadBalancer).get<PolicyTable>(paths.policies);
    new Printer(io, global.format).list(policyView, policyRows(table));
    return EXIT.ok;
  },
};
