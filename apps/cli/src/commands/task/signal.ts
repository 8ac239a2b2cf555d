import type { Command } from 'commander';
import type { CommandDefinition } from '../../command';
import { readValue } from '../../options/json-input';
import { tell } from './tell';

interface Options {
  payload?: string;
  payloadText?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Sends a signal to a task: it ends a wait for a signal of that name (task submit --wait-for), and the agent can read it, ' +
    'also while it runs.',
  examples: [
    { command: 'swarmctl task signal t3-0198c2d4e5f60718293a4b5c6d approved', does: 'let it go on' },
    {
      command: `swarmctl task signal t3-0198c2d4e5f60718293a4b5c6d approved --payload '{"by":"ann"}'`,
      does: 'with something for the agent to read',
    },
  ],
  configure(command: Command) {
    command
      .option('--payload <json>', 'JSON, @file, or - for standard input; null unless told')
      .option('--payload-text <text>', 'the same as text: as it stands, @file, or -');
  },
  async run({ args, options, global, io }) {
    const { payload: json, payloadText: text } = options;
    const payload = (await readValue({ option: '--payload', json, text }, io)) ?? null;
    return tell('signal', { args, global, io }, { name: args[1] ?? '', payload });
  },
};
