import type { ScheduleBackfilled } from '@multiswarm/contracts';
import { Option, type Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { pastMomentOption } from '../../options/moment';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer, type View } from '../../output/printer';

interface Options extends RequestedByOption {
  namespace?: string;
  from: string;
  to: string;
  overlap?: string;
  dryRun?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Starts runs for the times of a range that has passed, one after the other, or with --overlap allow all at once. A time that ' +
    'has its run already, as long as that is kept, starts no other one.',
  examples: [
    {
      command:
        'swarmctl schedule backfill nightly --from 2026-03-01T00:00:00Z --to 2026-03-08T00:00:00Z --dry-run',
      does: 'how many they are',
    },
    { command: 'swarmctl schedule backfill nightly --from 7d --to 1h', does: 'of the last week' },
  ],
  configure(command: Command) {
    const now = (): number => Date.now();
    command
      .requiredOption('--from <when>', 'an instant, or a duration until now', pastMomentOption('--from', now))
      .requiredOption('--to <when>', 'itself too, where it is a time', pastMomentOption('--to', now))
      .addOption(
        new Option('--overlap <policy>', 'buffer-all: one after the other; allow: at once').choices([
          'buffer-all',
          'allow',
        ]),
      )
      .option('--namespace <name>', 'the tenant; default unless told')
      .option('--dry-run', 'say how many times there are; start nothing');
    declareRequestedBy(command, 'with the runs');
  },
  run: backfill,
};

const backfilledView: View<ScheduleBackfilled> = {
  name: ({ times }) => String(times),
  none: '',
  columns: () => [],
  detail: ({ times, first, last }) =>
    first === undefined || last === undefined
      ? 'no time of the schedule is in this range\n'
      : `${times} ${times === 1 ? 'time' : 'times'} from ${first} to ${last}\n`,
};

async function backfill({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const { namespace, from, to, overlap, dryRun } = options;
  const body = { namespace, from, to, overlap, dryRun, requestedBy: requestedBy(options, io) };
  const path = paths.scheduleControl(args[0] ?? '', 'backfill');
  const answer = await new HttpApi(global.url).post<ScheduleBackfilled>(path, body);
  new Printer(io, global.format).one(backfilledView, answer);
  return EXIT.ok;
}
