import type { NamespaceView } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { namespaceView } from '../../views/namespace';

export const command: CommandDefinition = {
  description: 'Shows the settings of a namespace; the defaults, where nobody has set any.',
  examples: [
    { command: 'swarmctl namespace get shop', does: 'its weight, its limits, its retention' },
    { command: 'swarmctl namespace get shop -o yaml', does: 'the same as a document' },
  ],
  configure: () => undefined,
  async run({ args, global, io }) {
    const view = await new HttpApi(global.url).get<NamespaceView>(paths.namespace(args[0] ?? ''));
    new Printer(io, global.format).one(namespaceView, view);
    return EXIT.ok;
  },
};
