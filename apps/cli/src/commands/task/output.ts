import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';

interface Options {
  input?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Writes the output of a task to standard output as JSON, however large it is; with --input its input. ' +
    'Exit 5 while there is none.',
  examples: [
    { command: 'swarmctl task output t3-0198c2d4e5f60718293a4b5c6d > result.json', does: 'keep the result' },
    {
      command: 'swarmctl task output t3-0198c2d4e5f60718293a4b5c6d --input | jq .',
      does: 'what it was given',
    },
  ],
  configure(command: Command) {
    command.option('--input', 'the input instead');
  },
  run: output,
};

async function output({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const api = new HttpApi(global.url);
  const decoder = new TextDecoder();
  const path = paths.taskPart(args[0] ?? '', options.input ? 'input' : 'output');
  for await (const chunk of await api.download(path))
    io.stdout.write(decoder.decode(chunk, { stream: true }));
  io.stdout.write('\n');
  return EXIT.ok;
}
