import type { Command } from 'commander';
import { PRIORITIES, QOS, type MessageStatus } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { durationOption } from '../../global-options';
import { readValue } from '../../options/json-input';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { Printer } from '../../output/printer';
import { messageStatusView } from '../../views/message';

interface Options extends NamespaceOption {
  from: string;
  qos: string;
  priority?: string;
  conversation?: string;
  ttl?: number;
  delay?: number;
  correlationId?: string;
  replyTo?: string;
  id?: string;
  dataText?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Sends a message to a swarm, or to every connected swarm (TO is *), and tells what became of it. DATA is JSON, @file, or - for ' +
    'standard input. It is stored until somebody has handled it, unless --qos at-most-once.',
  examples: [
    { command: `swarmctl message send eu-west-1 review '{"plan":7}'`, does: 'waits in its mailbox' },
    {
      command: `swarmctl message send '*' status-update '{"load":0.4}' --qos at-most-once`,
      does: 'to all who are there now',
    },
    {
      command: 'swarmctl message send eu-west-1 review @plan.json --priority high --ttl 10m',
      does: 'in haste, and not later than in ten minutes',
    },
  ],
  configure(command: Command) {
    declareNamespace(command)
      .option('--from <swarm>', 'in whose name it is sent', 'swarmctl')
      .option('--qos <promise>', `one of ${QOS.join(', ')}`, 'at-least-once')
      .option('--priority <priority>', `one of ${PRIORITIES.join(', ')}`)
      .option('--conversation <name>', 'messages of one conversation are handled in order')
      .option('--ttl <duration>', 'not handled later than this', durationOption)
      .option('--delay <duration>', 'not handed over earlier than this', durationOption)
      .option('--correlation-id <text>', 'carried along')
      .option('--reply-to <swarm>', 'who wants the answer')
      .option('--id <id>', 'the same id again is the same message')
      .option('--data-text <text>', 'in place of DATA: text, @file, or - for standard input');
  },
  async run({ args: [to = '', kind = '', json], options, global, io }: Invocation<Options>) {
    const { dataText, ttl: ttlMs, delay: delayMs, ...rest } = options;
    const data = await readValue({ option: '--data', json, text: dataText }, io);
    const status = await new HttpApi(global.communicator).post<MessageStatus>(paths.messages, {
      ...{ to, kind, data, ttlMs, delayMs },
      ...rest,
    });
    new Printer(io, global.format).one(messageStatusView, status);
    for (const { to: refuser, code, detail } of status.refused ?? [])
      io.stderr.write(`not stored for ${refuser}: ${code}: ${detail}\n`);
    const { refusedCount: refused = 0, breaker } = status;
    if (refused > 0)
      io.stderr.write(
        `${refused} of ${refused + status.recipientCount} recipients have not got it: --id ${status.id} sends it again, and once to those who have it\n`,
      );
    if (breaker !== undefined)
      io.stderr.write(
        `the handlers of ${to} keep failing (breaker ${breaker}): it is handed over when they are tried again\n`,
      );
    return refused > 0 ? EXIT.unavailable : EXIT.ok;
  },
};
