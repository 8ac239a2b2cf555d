import type { Command } from 'commander';
import type { Schedule } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { declareSchedule, scheduleFields, type ScheduleOptions } from '../../options/schedule';
import { Printer } from '../../output/printer';
import { scheduleView } from '../../views/schedule';

interface Options extends ScheduleOptions, RequestedByOption {
  clear?: string[];
}

const MAY_BE_ABSENT = ['from', 'until', 'time-field', 'description'] as const;
const FIELDS: Readonly<Record<string, string>> = { 'time-field': 'timeField' };

export const command: CommandDefinition<Options> = {
  description:
    'Changes a schedule: what is not told stays as it is. Its times are other ones from now on; what has started, or waits, goes on.',
  examples: [
    {
      command: "swarmctl schedule update nightly --cron '0 3 * * *' --dry-run",
      does: 'what the next times would be',
    },
    {
      command: 'swarmctl schedule update nightly --overlap allow --clear until',
      does: 'several things at once',
    },
  ],
  configure(command: Command) {
    declareSchedule(command, () => Date.now()).option(
      '--clear <names...>',
      `take these away: ${MAY_BE_ABSENT.join(', ')}`,
    );
    declareRequestedBy(command, 'with the schedule');
  },
  run: update,
};

async function update({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const [name = '', file] = args;
  const cleared = (options.clear ?? []).map((each): [string, null] => {
    if (!MAY_BE_ABSENT.some((known) => known === each))
      throw usageFault(`--clear: "${each}" cannot be taken away`, `of these: ${MAY_BE_ABSENT.join(', ')}`);
    return [FIELDS[each] ?? each, null];
  });
  const changes = { ...Object.fromEntries(cleared), ...(await scheduleFields(file, options, io)) };
  const body = { requestedBy: requestedBy(options, io), ...changes };
  const view = await new HttpApi(global.url).patch<Schedule>(paths.schedule(name), body);
  new Printer(io, global.format).one(scheduleView, view);
  return EXIT.ok;
}
