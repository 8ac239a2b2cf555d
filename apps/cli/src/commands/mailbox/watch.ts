import type { MailboxInfo } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { Printer } from '../../output/printer';
import { mailboxView } from '../../views/mailbox';
import { watch } from '../../watch';

export const command: CommandDefinition<NamespaceOption> = {
  description:
    'Shows one mailbox, or all of a namespace, again and again until Ctrl-C: how full, how much is handed over, who reads.',
  examples: [
    { command: 'swarmctl mailbox watch eu-west-1', does: 'whether it drains' },
    { command: 'swarmctl mailbox watch', does: 'all that have messages or readers' },
  ],
  configure: (command) => void declareNamespace(command),
  async run({ args: [name], options: { namespace }, global, io }: Invocation<NamespaceOption>) {
    const api = new HttpApi(global.communicator);
    const printer = new Printer(io, global.format);
    const query = { namespace };
    const read = async (): Promise<MailboxInfo[]> =>
      name === undefined
        ? (await api.get<{ mailboxes: MailboxInfo[] }>(paths.mailboxes, { query })).mailboxes
        : [await api.get<MailboxInfo>(paths.mailbox(name), { query })];
    const render = (seen: MailboxInfo[]): string => printer.renderList(mailboxView, seen);
    await watch({ read, render, done: () => false }, global, io);
    return EXIT.interrupted;
  },
};
