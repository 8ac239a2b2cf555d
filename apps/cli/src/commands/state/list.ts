import type { Command } from 'commander';
import type { StateBucketPage } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { Printer } from '../../output/printer';
import { stateBucketView, stateKeyView } from '../../views/state';

interface Options extends NamespaceOption, PageOptions {
  filter?: string;
}

export const command: CommandDefinition<Options> = {
  description: 'Lists the buckets of shared state; with a bucket, its keys in their order.',
  examples: [
    { command: 'swarmctl state list', does: 'the buckets of a namespace' },
    { command: `swarmctl state list plan --filter 'step.*' --all`, does: 'keys by pattern' },
  ],
  configure(command: Command) {
    declareNamespace(command)
      .option('--filter <pattern>', 'only keys like plan.* or plan.>')
      .option('--limit <n>', 'keys per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  async run({ args: [bucket], options, global, io }: Invocation<Options>) {
    const api = new HttpApi(global.communicator);
    const { namespace, filter, ...page } = options;
    if (bucket === undefined) {
      const { items } = await api.get<StateBucketPage>(paths.states, { query: { namespace } });
      new Printer(io, global.format).list(stateBucketView, items);
      return EXIT.ok;
    }
    const request = { api, path: paths.stateBucket(bucket), query: { namespace, filter }, page };
    await printPages(stateKeyView, request, global, io);
    return EXIT.ok;
  },
};
