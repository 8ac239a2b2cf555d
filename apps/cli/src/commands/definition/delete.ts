import type { Command } from 'commander';
import type { DeletedDefinition } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { confirm } from '../../options/confirm';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer, type View } from '../../output/printer';

interface Options extends RequestedByOption {
  namespace?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Deletes a definition with all its versions. Runs of it go on; what would start one later fails. A definition that is put under the ' +
    'name afterwards goes on with the next version.',
  examples: [
    { command: 'swarmctl definition delete site-report', does: 'asks first' },
    { command: 'swarmctl definition delete site-report --yes', does: 'does not ask' },
  ],
  configure(command: Command) {
    declareRequestedBy(command.option('--namespace <name>', 'the tenant; default unless told'), 'in the log');
  },
  run: remove,
};

const deletedView: View<DeletedDefinition> = {
  name: ({ name }) => name,
  none: '',
  columns: () => [],
  detail: ({ name, version }) => `${name} is deleted; its newest version was ${version}\n`,
};

async function remove({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const name = args[0] ?? '';
  if (!(await confirm(`delete definition ${name} with all its versions`, global, io))) return EXIT.ok;
  const query = { namespace: options.namespace, requestedBy: requestedBy(options, io) };
  const deleted = await new HttpApi(global.url).delete<DeletedDefinition>(paths.definition(name), { query });
  new Printer(io, global.format).one(deletedView, deleted);
  return EXIT.ok;
}
