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
  paused?: boolean;
  note?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Creates a schedule: a workflow that starts at times. FILE is a workflow as for "workflow run", or say --definition. ' +
    'One that is there already and is the same is shown as it is. Everything that is wrong is listed at once, exit 2.',
  examples: [
    {
      command:
        "swarmctl schedule create nightly --cron '30 2 * * *' --time-zone Europe/Berlin --definition report",
      does: 'every night',
    },
    {
      command: "swarmctl schedule create poll plan.yaml --cron '*/15 * * * *' --overlap buffer-one --dry-run",
      does: 'the next times; nothing is stored',
    },
  ],
  configure(command: Command) {
    declareSchedule(command, () => Date.now())
      .option('--paused', 'start nothing until it is resumed')
      .option('--note <text>', 'why it is paused');
    declareRequestedBy(command, 'with the schedule');
  },
  run: create,
};

async function create({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const [name = '', file] = args;
  const { paused, note } = options;
  const fields = await scheduleFields(file, options, io);
  if (fields['cron'] === undefined) throw usageFault('--cron says when', "write it like --cron '30 2 * * *'");
  if (fields['workflow'] === undefined) throw usageFault('either FILE or --definition NAME says what');
  const by = { paused, note, requestedBy: requestedBy(options, io) };
  const view = await new HttpApi(global.url).post<Schedule>(paths.schedules, { name, ...by, ...fields });
  new Printer(io, global.format).one(scheduleView, view);
  return EXIT.ok;
}
