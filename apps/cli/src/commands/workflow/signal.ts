import type { Command } from 'commander';
import type { CommandDefinition } from '../../command';
import { readValue } from '../../options/json-input';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { tell } from './tell';

interface Options extends RequestedByOption {
  payload?: string;
  payloadText?: string;
  step?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Sends a signal to a workflow: to every step that waits for the name, or to the one that --step names. Where nobody waits for it the ' +
    'workflow keeps it for a step that comes. What comes with it is the output of a step that only waits.',
  examples: [
    { command: 'swarmctl workflow signal w3-0198c2d4e5f60718293a4b5c6d released', does: 'let them go on' },
    {
      command: `swarmctl workflow signal w3-0198c2d4e5f60718293a4b5c6d released --payload '{"edition":2}'`,
      does: 'with something for the steps behind it',
    },
  ],
  configure(command: Command) {
    declareRequestedBy(
      command
        .option('--payload <json>', 'JSON, @file, or - for standard input; null unless told')
        .option('--payload-text <text>', 'the same as text: as it stands, @file, or -')
        .option('--step <id>', 'only to this step'),
    );
  },
  async run({ args, options, global, io }) {
    const { payload: json, payloadText: text, step } = options;
    const payload = (await readValue({ option: '--payload', json, text }, io)) ?? null;
    const told = { name: args[1] ?? '', payload, step, requestedBy: requestedBy(options, io) };
    return tell('signal', { args, global, io }, told);
  },
};
