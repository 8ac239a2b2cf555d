import { Option, type Command } from 'commander';
import { PROPOSAL_STATES } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { proposalView } from '../../views/proposal';

interface Options extends NamespaceOption, PageOptions {
  state?: string;
  proposer?: string;
  member?: string;
}

export const command: CommandDefinition<Options> = {
  description: 'Lists what swarms vote on, the newest first, with votes and outcomes.',
  examples: [
    { command: 'swarmctl proposal list --state open', does: 'what is not decided' },
    { command: 'swarmctl proposal list --member critic --all -o jsonl', does: 'where one may vote' },
  ],
  configure(command: Command) {
    declareNamespace(command)
      .addOption(new Option('--state <state>', 'only those').choices(PROPOSAL_STATES))
      .option('--proposer <swarm>', 'who has made them')
      .option('--member <swarm>', 'who may vote')
      .option('--limit <n>', 'proposals per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  async run({ options, global, io }: Invocation<Options>) {
    const { namespace, state, proposer, member, ...page } = options;
    const query = { namespace, state, proposer, member };
    const api = new HttpApi(global.communicator);
    await printPages(proposalView, { api, path: paths.proposals, query, page }, global, io);
    return EXIT.ok;
  },
};
