import type { MailboxInfo } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { Printer } from '../../output/printer';
import { mailboxView } from '../../views/mailbox';

export const command: CommandDefinition<NamespaceOption> = {
  description:
    'Lists the mailboxes of a namespace that have messages or readers: how full they are, and who reads.',
  examples: [{ command: 'swarmctl mailbox list', does: 'whose messages wait' }],
  configure: (command) => void declareNamespace(command),
  async run({ options: { namespace }, global, io }: Invocation<NamespaceOption>) {
    const api = new HttpApi(global.communicator);
    const { mailboxes } = await api.get<{ mailboxes: MailboxInfo[] }>(paths.mailboxes, {
      query: { namespace },
    });
    new Printer(io, global.format).list(mailboxView, mailboxes);
    return EXIT.ok;
  },
};
