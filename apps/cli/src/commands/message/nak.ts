import type { Command } from 'commander';
import type { CommandDefinition } from '../../command';
import { durationOption } from '../../global-options';
import { declareSettling, settle, type SettleOptions } from './settle';

interface Options extends SettleOptions {
  reason?: string;
  delay?: number;
  poison?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Says that messages could not be handled: they come again after a growing pause, or after --delay, and are given up after some ' +
    'tries, or at once with --poison. Exit 3 when the mailbox knows none of them any more.',
  examples: [
    {
      command: 'swarmctl message nak eu-west-1 4711 --delay 5m --reason "the store is closed"',
      does: 'another try in five minutes',
    },
    { command: 'swarmctl message nak eu-west-1 4711 --poison', does: 'it becomes a dead message' },
  ],
  configure(command: Command) {
    declareSettling(command)
      .option('--reason <text>', 'kept with the message')
      .option('--delay <duration>', 'until the next try', durationOption)
      .option('--poison', 'no further try will help');
  },
  run: (invocation) => {
    const { reason: message, delay: delayMs, poison } = invocation.options;
    return settle('nak', invocation, (seqs) => ({
      naks: seqs.map((seq) => ({ seq, message, delayMs, poison })),
    }));
  },
};
