import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';

interface Options {
  ifRevision?: number;
}

export const command: CommandDefinition<Options> = {
  description:
    'Removes an external endpoint: no request is routed to it any more. What was routed to it goes on.',
  examples: [{ command: 'swarmctl endpoint remove gpu_swarm', does: 'remove it' }],
  configure(command: Command) {
    command.option(
      '--if-revision <n>',
      'only if it still has this revision',
      integerOption('--if-revision', 1, Number.MAX_SAFE_INTEGER),
    );
  },
  async run({ args, options, global, io }: Invocation<Options>) {
    const [id = ''] = args;
    const { ifRevision } = options;
    const onlyIf = ifRevision === undefined ? {} : { ifMatch: `"${ifRevision}"` };
    await new HttpApi(global.loadBalancer).delete(paths.endpoint(id), onlyIf);
    io.stderr.write(`removed ${id}\n`);
    return EXIT.ok;
  },
};
