import { MultiswarmError, type EndpointHealth, type Swarm } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, Fault } from '../../faults';
import { isForPrograms } from '../../output/format';
import { Printer } from '../../output/printer';
import { swarmWithHealthView } from '../../views/swarm-detail';

export const command: CommandDefinition = {
  description:
    'Shows one swarm: what it offers, how busy it is, and its health as the load-balancer sees it. Where no load-balancer answers, all but the health.',
  examples: [
    { command: 'swarmctl swarm get eu-west-writers', does: 'everything about it' },
    { command: 'swarmctl swarm get eu-west-writers -o json', does: 'the same for programs' },
  ],
  configure: () => undefined,
  run: get,
};

async function get({ args, global, io }: Invocation): Promise<number> {
  const [id = ''] = args;
  const swarm = await new HttpApi(global.url).get<Swarm>(paths.swarm(id));
  let health: EndpointHealth | undefined;
  try {
    health = await new HttpApi(global.loadBalancer).get<EndpointHealth>(paths.endpointHealth(id));
  } catch (error) {
    if (!(error instanceof Fault || error instanceof MultiswarmError)) throw error;
    if (!isForPrograms(global.format)) io.stderr.write(`its health is not known: ${error.message}\n`);
  }
  new Printer(io, global.format).one(swarmWithHealthView, {
    ...swarm,
    ...(health === undefined ? {} : { health }),
  });
  return EXIT.ok;
}
