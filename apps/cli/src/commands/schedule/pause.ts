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
  note?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Pauses a schedule: none of its times starts anything until "schedule resume". What runs goes on, what waits goes on waiting; ' +
    'triggers and backfills start all the same.',
  examples: [{ command: 'swarmctl schedule pause nightly --note "the shop moves"', does: 'say why' }],
  configure(command: Command) {
    command
      .option('--namespace <name>', 'the tenant; default unless told')
      .option('--note <text>', 'why, kept with the schedule');
    declareRequestedBy(command, 'with the schedule');
  },
  run: pause,
};

async function pause({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const { namespace, note } = options;
  const body = { namespace, note, requestedBy: requestedBy(options, io) };
  const path = paths.scheduleControl(args[0] ?? '', 'pause');
  new Printer(io, global.format).one(scheduleView, await new HttpApi(global.url).post<Schedule>(path, body));
  return EXIT.ok;
}
