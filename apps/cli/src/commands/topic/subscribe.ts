import type { Command } from 'commander';
import type { TopicSubscription } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';

interface Options extends NamespaceOption {
  from?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Copies each stored event of a topic, or of a pattern of topics, into a mailbox from now on, and prints the id of the subscription. The same again is the same subscription.',
  examples: [
    {
      command: `swarmctl topic subscribe 'orders.>' billing`,
      does: 'the swarm "billing", or the group of that name, gets each',
    },
    {
      command: `swarmctl topic subscribe 'orders.*.created' audit --from 1`,
      does: 'those that are kept, too',
    },
  ],
  configure(command: Command) {
    declareNamespace(command).option('--from <where>', 'a sequence or an instant at which a new one begins');
  },
  async run({ args: [pattern, mailbox], options: { namespace, from }, global, io }: Invocation<Options>) {
    const body = {
      ...{ pattern, mailbox },
      ...(namespace === undefined ? {} : { namespace }),
      ...(from === undefined ? {} : { from }),
    };
    const { id } = await new HttpApi(global.communicator).post<TopicSubscription>(
      paths.topicSubscriptions,
      body,
    );
    io.stdout.write(`${id}\n`);
    return EXIT.ok;
  },
};
