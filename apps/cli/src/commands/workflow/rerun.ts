import type { Command } from 'commander';
import type { Accepted } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { usageFault } from '../../faults';
import { readValue } from '../../options/json-input';
import { collect, integerOption } from '../../options/repeatable';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { printAccepted } from './print-accepted';

interface Options extends RequestedByOption {
  from?: string[];
  failed?: boolean;
  event?: number;
  input?: string;
  idempotencyKey?: string;
  wait?: boolean;
}

export const command: CommandDefinition<Options> = {
  description: `Runs a workflow again, as a run of its own; the earlier one is not changed, and may still run. Without --from, --failed or --event
everything runs again. Otherwise the new run has the results that it keeps from the beginning: --from keeps all that is not
behind the steps it names, --failed what has succeeded, and --event what had succeeded when that event came: a fork of the
run at a point of its history ("task history ID -o wide" lists the events with their numbers).`,
  examples: [
    { command: 'swarmctl workflow rerun w3-0198c2d4e5f60718293a4b5c6d', does: 'everything once more' },
    {
      command: 'swarmctl workflow rerun w3-0198c2d4e5f60718293a4b5c6d --failed --wait',
      does: 'what has failed and all behind it, and wait for the end',
    },
    {
      command: 'swarmctl workflow rerun w3-0198c2d4e5f60718293a4b5c6d --from build,test',
      does: 'these steps and all behind them',
    },
    {
      command: `swarmctl workflow rerun w3-0198c2d4e5f60718293a4b5c6d --event 17 --input '{"fast":true}'`,
      does: 'from a point of its history, with another input',
    },
  ],
  configure(command: Command) {
    declareRequestedBy(
      command
        .option('--from <steps>', 'these steps and all behind them run again; repeatable', collect)
        .option('--failed', 'what has not succeeded runs again')
        .option(
          '--event <seq>',
          'what had not succeeded when the event of this number came runs again',
          integerOption('--event', 0, Number.MAX_SAFE_INTEGER),
        )
        .option('--input <json>', 'another input for the run: JSON, @file, or - for standard input')
        .option('--idempotency-key <key>', 'a repetition with the same key is the same run'),
    ).option('--wait', 'show the steps, wait for the end; exit 0 succeeded, 1 not, 6 --timeout is over');
  },
  run: rerun,
};

async function rerun({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const { idempotencyKey, wait = false } = options;
  const input = await readValue({ option: '--input', json: options.input, text: undefined }, io);
  const body = { from: fromOf(options), input, idempotencyKey, requestedBy: requestedBy(options, io) };
  const api = new HttpApi(global.url);
  const accepted = await api.post<Accepted>(paths.workflowControl(args[0] ?? '', 'rerun'), body);
  return printAccepted(api, accepted, wait, global, io);
}

/** What runs again; undefined for everything. */
function fromOf({ from, failed, event }: Options): object | undefined {
  const given = [
    ...(from === undefined ? [] : [{ steps: from }]),
    ...(failed ? [{ failed: true }] : []),
    ...(event === undefined ? [] : [{ event }]),
  ];
  if (given.length > 1) throw usageFault('--from, --failed and --event: give one of them');
  return given[0];
}
