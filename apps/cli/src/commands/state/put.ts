import type { Command } from 'commander';
import type { StateRevision } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareIfRevision, onlyIf, type IfRevisionOption } from '../../options/if-revision';
import { readValue } from '../../options/json-input';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';

interface Options extends NamespaceOption, IfRevisionOption {}

export const command: CommandDefinition<Options> = {
  description:
    'Writes a value of shared state and prints its revision. VALUE is JSON, @file, or - for standard input. The first write makes the bucket.',
  examples: [
    { command: `swarmctl state put plan main '{"steps":3}'`, does: 'write it' },
    {
      command: `swarmctl state put plan main @plan.json --if-revision 12`,
      does: 'unless somebody else was quicker',
    },
  ],
  configure(command: Command) {
    declareIfRevision(declareNamespace(command));
  },
  async run({ args: [bucket = '', key = '', json], options, global, io }: Invocation<Options>) {
    const value = await readValue({ option: 'VALUE', json, text: undefined }, io);
    const path = paths.stateKey(bucket, key);
    const asked = { query: { namespace: options.namespace }, ...onlyIf(options) };
    const { revision } = await new HttpApi(global.communicator).put<StateRevision>(path, { value }, asked);
    io.stdout.write(`${revision}\n`);
    return EXIT.ok;
  },
};
