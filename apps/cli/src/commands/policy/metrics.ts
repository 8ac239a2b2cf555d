import type { RoutingMetrics } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import type { CommandDefinition } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { routingMetricsView } from '../../views/routing-metrics';

export const command: CommandDefinition = {
  description:
    'Shows the last minute of routing as one replica of the load-balancer saw it: requests, how many ended well, response times, endpoints that take work, each by policy.',
  examples: [
    { command: 'swarmctl policy metrics', does: 'at a glance' },
    { command: 'swarmctl policy metrics -o json', does: 'for a program' },
  ],
  configure: () => undefined,
  async run({ global, io }) {
    const metrics = await new HttpApi(global.loadBalancer).get<RoutingMetrics>('/v1/routing/metrics');
    new Printer(io, global.format).one(routingMetricsView, metrics);
    return EXIT.ok;
  },
};
