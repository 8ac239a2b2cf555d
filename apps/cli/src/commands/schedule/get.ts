import { LIMITS, type Schedule } from '@multiswarm/contracts';
import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { Printer } from '../../output/printer';
import { scheduleView } from '../../views/schedule';

interface Options {
  namespace?: string;
  next?: number;
  recent?: number;
}

export const command: CommandDefinition<Options> = {
  description: 'Shows a schedule: what it starts, its next times, and its last ones with what came of them.',
  examples: [
    { command: 'swarmctl schedule get nightly', does: 'its next times and its last ones' },
    {
      command: 'swarmctl schedule get nightly --next 30 --recent 50 -o yaml',
      does: 'more of both, and the workflow',
    },
  ],
  configure(command: Command) {
    command
      .option('--namespace <name>', 'the tenant; default unless told')
      .option('--next <n>', 'so many next times', integerOption('--next', 0, LIMITS.SCHEDULE_NEXT_TIMES))
      .option('--recent <n>', 'so many last ones', integerOption('--recent', 0, LIMITS.SCHEDULE_RECENT));
  },
  run: get,
};

async function get({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const { namespace, next, recent } = options;
  const query = { namespace, next, recent };
  const view = await new HttpApi(global.url).get<Schedule>(paths.schedule(args[0] ?? ''), { query });
  new Printer(io, global.format).one(scheduleView, view);
  return EXIT.ok;
}
