import type { TopicSubscription } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';

export const command: CommandDefinition<NamespaceOption> = {
  description: 'Ends a subscription: nothing more is copied. What is in the mailbox stays there.',
  examples: [
    {
      command: 'swarmctl topic unsubscribe s-0198c2aa0198c2aa0198c2aa',
      does: 'by the id that `topic subscriptions` shows',
    },
  ],
  configure: (command) => void declareNamespace(command),
  async run({ args: [id = ''], options: { namespace }, global, io }: Invocation<NamespaceOption>) {
    const api = new HttpApi(global.communicator);
    const ended = await api.delete<TopicSubscription>(paths.topicSubscription(id), { query: { namespace } });
    io.stdout.write(`${ended.mailbox} gets no more of ${ended.pattern}\n`);
    return EXIT.ok;
  },
};
