import type { MailboxInfo } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { Printer } from '../../output/printer';
import { mailboxView } from '../../views/mailbox';

export const command: CommandDefinition<NamespaceOption> = {
  description: 'Shows one mailbox: messages that are not acknowledged, its limit, its readers, its breaker.',
  examples: [
    { command: 'swarmctl mailbox get eu-west-1 -o json', does: 'everything about it, for a program' },
  ],
  configure: (command) => void declareNamespace(command),
  async run({ args: [name = ''], options: { namespace }, global, io }: Invocation<NamespaceOption>) {
    const api = new HttpApi(global.communicator);
    const mailbox = await api.get<MailboxInfo>(paths.mailbox(name), { query: { namespace } });
    new Printer(io, global.format).one(mailboxView, mailbox);
    return EXIT.ok;
  },
};
