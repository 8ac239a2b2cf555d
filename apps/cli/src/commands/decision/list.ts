import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { decisionView } from '../../views/decision';

interface Options extends PageOptions {
  task?: string;
  swarm?: string;
  policy?: string;
  namespace?: string;
  waiting?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Lists the last decisions of one replica of the load-balancer, newest first: where attempts and routed requests went, or why nowhere.',
  examples: [
    { command: 'swarmctl decision list', does: 'the last ones' },
    {
      command: 'swarmctl decision list --swarm eu-west-1 --policy cost',
      does: 'what one policy gave to one swarm',
    },
    { command: 'swarmctl decision list --waiting --all', does: 'all that went nowhere' },
  ],
  configure(command: Command) {
    command
      .option('--task <id>', 'of this task')
      .option('--swarm <id>', 'that went to this swarm')
      .option('--policy <name>', 'that asked for this policy')
      .option('--namespace <name>', 'of this namespace')
      .option('--waiting', 'only what went nowhere')
      .option('--limit <n>', 'decisions per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  run: list,
};

async function list({ options, global, io }: Invocation<Options>): Promise<number> {
  const { limit, cursor, all, ...query } = options;
  const request = {
    api: new HttpApi(global.loadBalancer),
    path: '/v1/decisions',
    query,
    page: {
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
      ...(all === undefined ? {} : { all }),
    },
  };
  await printPages(decisionView, request, global, io);
  return EXIT.ok;
}
