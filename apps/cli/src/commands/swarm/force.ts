import type { Command } from 'commander';
import { FORCED_STATES, type Forced } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { momentOption } from '../../options/moment';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer } from '../../output/printer';
import { forcedView } from '../../views/health';

interface Options extends RequestedByOption {
  why?: string;
  until?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Forces the health of a swarm, whatever is seen of it: its circuit breaker open or closed, ejected or not-ejected, or ready. It holds on every ' +
    'load-balancer until its time, or until "swarm reset", and is written down.',
  examples: [
    {
      command: 'swarmctl swarm force eu-west-writers open --why "its disk is slow" --until 2h',
      does: 'nothing new for two hours',
    },
    {
      command: 'swarmctl swarm force eu-west-writers ready --why "a false alarm"',
      does: 'all its slots again',
    },
  ],
  configure(command: Command) {
    command
      .option('--why <text>', 'for whoever wonders later; needed')
      .option('--until <when>', 'an instant, or a duration from now; without it a reset ends it');
    declareRequestedBy(command, 'with it');
  },
  run: force,
};

async function force({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const [id = '', to = ''] = args;
  if (!FORCED_STATES.some((state) => state === to))
    throw usageFault(`"${to}" cannot be forced`, `one of ${FORCED_STATES.join(', ')}`);
  const { why } = options;
  if (why === undefined) throw usageFault('say why', 'with --why "…"; whoever wonders later will find it');
  const until =
    options.until === undefined ? undefined : momentOption('--until', () => io.clock.now())(options.until);
  const body = { to, why, until, requestedBy: requestedBy(options, io) };
  const forced = await new HttpApi(global.loadBalancer).post<Forced>(
    paths.endpointControl(id, 'force'),
    body,
  );
  new Printer(io, global.format).one(forcedView, forced);
  return EXIT.ok;
}
