import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { endpointView } from '../../views/endpoint';

interface Options extends PageOptions {
  kind?: string;
  region?: string;
  capability?: string;
  label?: string;
  state?: string;
}

export const command: CommandDefinition<Options> = {
  description: 'Lists swarms and external endpoints as the load-balancer sees them, by region and id.',
  examples: [
    { command: 'swarmctl endpoint list', does: 'where requests can go' },
    { command: 'swarmctl endpoint list --kind external --region us-east', does: 'what is registered there' },
    { command: 'swarmctl endpoint list --capability cuda --state ready', does: 'who can do it now' },
  ],
  configure(command: Command) {
    command
      .option('--kind <kind>', 'swarm or external')
      .option('--region <region>', 'only this region')
      .option('--capability <name>', 'only with this capability')
      .option('--label <key=value>', 'only with this label; a key alone is any value of it')
      .option('--state <state>', 'ready, cordoned, draining, suspect or down')
      .option('--limit <n>', 'endpoints per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  run: list,
};

async function list({ options, global, io }: Invocation<Options>): Promise<number> {
  const { kind, region, capability, label, state, ...page } = options;
  const query = { kind, region, capability, label, state };
  const request = { api: new HttpApi(global.loadBalancer), path: paths.endpoints, query, page };
  await printPages(endpointView, request, global, io);
  return EXIT.ok;
}
