import type { Command } from 'commander';
import type { DeletedSchedule } from '@multiswarm/contracts';
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
  description: 'Deletes a schedule. What it has started goes on; what waits starts nothing any more.',
  examples: [
    { command: 'swarmctl schedule delete nightly', does: 'asks first' },
    { command: 'swarmctl schedule delete nightly --yes', does: 'does not ask' },
  ],
  configure(command: Command) {
    declareRequestedBy(command.option('--namespace <name>', 'the tenant; default unless told'), 'in the log');
  },
  run: remove,
};

const deletedView: View<DeletedSchedule> = {
  name: ({ name }) => name,
  none: '',
  columns: () => [],
  detail: ({ name }) => `${name} is deleted\n`,
};

async function remove({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const name = args[0] ?? '';
  if (!(await confirm(`delete schedule ${name}`, global, io))) return EXIT.ok;
  const query = { namespace: options.namespace, requestedBy: requestedBy(options, io) };
  const deleted = await new HttpApi(global.url).delete<DeletedSchedule>(paths.schedule(name), { query });
  new Printer(io, global.format).one(deletedView, deleted);
  return EXIT.ok;
}
