import type { Command } from 'commander';
import type { CommunicationMetrics } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { Printer } from '../../output/printer';
import { communicationView } from '../../views/communication';

interface Options {
  namespace?: string;
  from?: string;
  to?: string;
  limit?: number;
}

export const command: CommandDefinition<Options> = {
  description:
    'Shows how swarms communicate by stored messages: rates and bandwidth of the last minute, latencies, failures, in all and by sender and recipient, the busiest first.',
  examples: [
    { command: 'swarmctl message metrics', does: 'who writes to whom, and how that goes' },
    { command: 'swarmctl message metrics --to eu-west-1 -o json', does: 'of one recipient, for a program' },
  ],
  configure(command: Command) {
    command
      .option('--namespace <name>', 'only links of this tenant')
      .option('--from <swarm>', 'only what it sends')
      .option('--to <swarm>', 'only what it gets')
      .option('--limit <n>', 'links that are listed', integerOption('--limit', 1, 500));
  },
  async run({ options: { namespace, from, to, limit }, global, io }: Invocation<Options>) {
    const query = { namespace, from, to, limit };
    const metrics = await new HttpApi(global.communicator).get<CommunicationMetrics>(paths.communication, {
      query,
    });
    new Printer(io, global.format).one(communicationView, metrics);
    const { unanswered } = metrics;
    if (unanswered.length > 0)
      io.stderr.write(`without the mailbox shards ${unanswered.join(', ')}: their owners did not answer\n`);
    return EXIT.ok;
  },
};
