import type { Command } from 'commander';
import { LIMITS, type MailTaken } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { durationOption } from '../../global-options';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { integerOption } from '../../options/repeatable';
import { Printer } from '../../output/printer';
import { takenView } from '../../views/message';
import { READER } from './settle';

interface Options extends NamespaceOption {
  reader: string;
  most: number;
  wait: number;
  ack?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Takes messages out of a mailbox and prints them. They stay in it until they are acknowledged, and come again when that does not ' +
    'happen in time. With --ack that is done once they are printed.',
  examples: [
    { command: 'swarmctl message pull eu-west-1', does: 'the next one, if there is one' },
    {
      command: 'swarmctl message pull eu-west-1 --most 10 --wait 20s --ack -o jsonl',
      does: 'up to ten, and they are done with',
    },
  ],
  configure(command: Command) {
    declareNamespace(command)
      .option('--reader <name>', 'who takes: one name for each program', READER)
      .option('--most <n>', 'messages at most', integerOption('--most', 1, LIMITS.MAIL_TAKEN), 1)
      .option('--wait <duration>', 'wait so long for the first one, 30s at most', durationOption, 0)
      .option('--ack', 'acknowledge what was printed');
  },
  async run({ args: [mailbox = ''], options, global, io }: Invocation<Options>) {
    const { namespace, reader, most, wait, ack } = options;
    const api = new HttpApi(global.communicator);
    const who = { namespace, reader };
    const body = { ...who, most, waitMs: wait };
    const { messages, depth, ackWaitMs } = await api.post<MailTaken>(
      paths.mailboxVerb(mailbox, 'pull'),
      body,
      { holdMs: wait },
    );
    new Printer(io, global.format).list(takenView, messages, null, { depth, ackWaitMs });
    if (ack && messages.length > 0)
      await api.post(paths.mailboxVerb(mailbox, 'ack'), { ...who, seqs: messages.map(({ seq }) => seq) });
    return EXIT.ok;
  },
};
