import type { Command } from 'commander';
import type { Schedule } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer } from '../../output/printer';
import { scheduleView } from '../../views/schedule';

interface Options extends RequestedByOption {
  namespace?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Goes on with the next time of a schedule that was paused. Times that have passed meanwhile start nothing: see "schedule backfill".',
  examples: [{ command: 'swarmctl schedule resume nightly', does: 'go on' }],
  configure(command: Command) {
    declareRequestedBy(command.option('--namespace <name>', 'the tenant; default unless told'), 'in the log');
  },
  run: resume,
};

async function resume({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const body = { namespace: options.namespace, requestedBy: requestedBy(options, io) };
  const path = paths.scheduleControl(args[0] ?? '', 'resume');
  new Printer(io, global.format).one(scheduleView, await new HttpApi(global.url).post<Schedule>(path, body));
  return EXIT.ok;
}
