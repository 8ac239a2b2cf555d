import type { Endpoint } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { endpointView } from '../../views/endpoint';

export const command: CommandDefinition = {
  description: 'Shows a swarm or an external endpoint as the load-balancer sees it, reservations included.',
  examples: [{ command: 'swarmctl endpoint get gpu_swarm -o yaml', does: 'all that is known of it' }],
  configure: () => undefined,
  async run({ args, global, io }) {
    const endpoint = await new HttpApi(global.loadBalancer).get<Endpoint>(paths.endpoint(args[0] ?? ''));
    new Printer(io, global.format).one(endpointView, endpoint);
    return EXIT.ok;
  },
};
