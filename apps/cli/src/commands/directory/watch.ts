import type { DirectoryEntry } from '@multiswarm/contracts';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { declareDirectory, directoryQuery, type DirectoryOptions } from '../../options/directory';
import { directoryLine } from '../../views/directory';
import { watchChanges } from '../../watch-changes';

export const command: CommandDefinition<DirectoryOptions> = {
  description:
    'Prints who fits, and every change as it comes, until Ctrl-C or --timeout: + is there or is different, - is gone or fits no more.',
  examples: [
    { command: 'swarmctl directory watch --capability llm', does: 'who can, and who cannot any more' },
    { command: 'swarmctl directory watch --max-load 0.5 -o jsonl', does: 'for a program' },
  ],
  configure: (command) => void declareDirectory(command),
  run({ options, global, io }: Invocation<DirectoryOptions>) {
    return watchChanges<DirectoryEntry>(
      {
        path: paths.directoryWatch,
        query: directoryQuery(options),
        after: undefined,
        line: directoryLine,
        name: ({ swarmId }, event) => (event === 'put' ? swarmId : undefined),
      },
      global,
      io,
    );
  },
};
