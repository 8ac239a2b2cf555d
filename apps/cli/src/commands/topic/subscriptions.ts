import type { TopicSubscriptionPage } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { Printer } from '../../output/printer';
import { topicSubscriptionView } from '../../views/topic-subscription';

export const command: CommandDefinition<NamespaceOption> = {
  description:
    'Lists which mailboxes get copies of which events, and which of them are behind: get earlier events, or have no room.',
  examples: [{ command: 'swarmctl topic subscriptions', does: 'who has subscribed to what' }],
  configure: (command) => void declareNamespace(command),
  async run({ options: { namespace }, global, io }: Invocation<NamespaceOption>) {
    const api = new HttpApi(global.communicator);
    const query = { query: { namespace } };
    const { items } = await api.get<TopicSubscriptionPage>(paths.topicSubscriptions, query);
    new Printer(io, global.format).list(topicSubscriptionView, items);
    return EXIT.ok;
  },
};
