import type { Command } from 'commander';
import type { Replay } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { pastMomentOption } from '../../options/moment';
import { integerOption } from '../../options/repeatable';
import { Printer } from '../../output/printer';
import { replayView } from '../../views/replay';

interface Options {
  task?: string;
  madeBy?: string;
  namespace?: string;
  type?: string;
  since?: string;
  until?: string;
  limit?: number;
}

export const command: CommandDefinition<Options> = {
  description:
    'Says what another policy would have decided in the place of the last decisions of one replica of the load-balancer, from what was seen then: ' +
    'how often the same, what it would have cost, and each difference. Policies that go by chance show one draw, always the same one.',
  examples: [
    { command: 'swarmctl decision replay cost', does: 'would it have been cheaper' },
    {
      command: 'swarmctl decision replay least-loaded --made-by hybrid --type build --since 10m',
      does: 'for one type of work, the last ten minutes',
    },
  ],
  configure(command: Command) {
    command
      .option('--task <id>', 'only decisions for this task')
      .option('--made-by <policy>', 'only decisions of this policy')
      .option('--namespace <name>', 'only of this namespace')
      .option('--type <type>', 'only of this type')
      .option('--since <when>', 'made then or later: an instant, or so long ago (10m)')
      .option('--until <when>', 'made earlier than that')
      .option('--limit <n>', 'differences that are listed (default 50)', integerOption('--limit', 1, 500));
  },
  run: replay,
};

async function replay({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const instant = (name: string, given: string | undefined): string | undefined =>
    given === undefined ? undefined : pastMomentOption(name, () => io.clock.now())(given);
  const asked = {
    ...options,
    policy: args[0],
    since: instant('--since', options.since),
    until: instant('--until', options.until),
  };
  const api = new HttpApi(global.loadBalancer);
  new Printer(io, global.format).one(replayView, await api.post<Replay>('/v1/decisions/replay', asked));
  return EXIT.ok;
}
