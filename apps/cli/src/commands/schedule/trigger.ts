import { OVERLAPS, type ScheduleTriggered } from '@multiswarm/contracts';
import { Option, type Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer, type View } from '../../output/printer';

interface Options extends RequestedByOption {
  namespace?: string;
  overlap?: string;
  idempotencyKey?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Starts one run now, also of a schedule that is paused, as its overlap policy allows, or as --overlap says. Shows the id that ' +
    'the run has when it starts; "schedule get" shows what came of it.',
  examples: [
    { command: 'swarmctl schedule trigger nightly', does: 'now' },
    {
      command: 'swarmctl schedule trigger nightly --overlap allow -o name',
      does: 'whatever runs; prints the id',
    },
  ],
  configure(command: Command) {
    command
      .option('--namespace <name>', 'the tenant; default unless told')
      .addOption(new Option('--overlap <policy>', 'for this run').choices(OVERLAPS))
      .option('--idempotency-key <key>', 'a repetition with it starts no second run');
    declareRequestedBy(command, 'with the run');
  },
  run: trigger,
};

const triggeredView: View<ScheduleTriggered> = {
  name: ({ workflowId }) => workflowId,
  none: '',
  columns: () => [],
  detail: ({ workflowId, at }) => `${workflowId}  for ${at}\n`,
};

async function trigger({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const { namespace, overlap, idempotencyKey } = options;
  const body = { namespace, overlap, idempotencyKey, requestedBy: requestedBy(options, io) };
  const path = paths.scheduleControl(args[0] ?? '', 'trigger');
  const triggered = await new HttpApi(global.url).post<ScheduleTriggered>(path, body);
  new Printer(io, global.format).one(triggeredView, triggered);
  return EXIT.ok;
}
