import type { Command } from 'commander';
import type { LearningPage } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { isForPrograms } from '../../output/format';
import { printPages, type PageOptions } from '../../output/print-pages';
import { frozenText, learnedView } from '../../views/learning';

interface Options extends PageOptions {
  type?: string;
  swarmClass?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Lists what the load-balancer has learned of each type of work on each class of swarms: how often it succeeds, how long it takes, what it costs until it has succeeded.',
  examples: [
    { command: 'swarmctl learning list', does: 'all types and classes' },
    { command: 'swarmctl learning list --type render -o wide', does: 'one type on all classes' },
  ],
  configure(command: Command) {
    command
      .option('--type <type>', 'only this type of work')
      .option('--swarm-class <class>', 'only this class of swarms')
      .option('--limit <n>', 'pairs per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  run: list,
};

async function list({ options, global, io }: Invocation<Options>): Promise<number> {
  const { type, swarmClass, ...page } = options;
  const request = {
    ...{ api: new HttpApi(global.loadBalancer), path: paths.learning, query: { type, swarmClass }, page },
    onFirst: (beside: object): void => {
      const { frozen } = beside as LearningPage; // the page without its items
      if (frozen !== undefined && !isForPrograms(global.format))
        io.stderr.write(frozenText(beside as LearningPage, { now: io.clock.now() }));
    },
  };
  await printPages(learnedView, request, global, io);
  return EXIT.ok;
}
