import type { Command } from 'commander';
import type { Definition } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { Printer } from '../../output/printer';
import { definitionView } from '../../views/definition';

interface Options {
  namespace?: string;
  version?: number;
}

export const command: CommandDefinition<Options> = {
  description:
    'Shows a definition in its newest version, or in the one that is told; with -o yaml or json its body too.',
  examples: [
    { command: 'swarmctl definition get site-report', does: 'what it is and who has put it' },
    {
      command: 'swarmctl definition get site-report --version 2 -o yaml',
      does: 'the second version as a document',
    },
  ],
  configure(command: Command) {
    command
      .option('--namespace <name>', 'the tenant; default unless told')
      .option(
        '--version <n>',
        'that version; the newest unless told',
        integerOption('--version', 1, Number.MAX_SAFE_INTEGER),
      );
  },
  run: get,
};

async function get({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const query = { namespace: options.namespace, version: options.version };
  const view = await new HttpApi(global.url).get<Definition>(paths.definition(args[0] ?? ''), { query });
  new Printer(io, global.format).one(definitionView, view);
  return EXIT.ok;
}
