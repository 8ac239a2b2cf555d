import type { Command } from 'commander';
import type { Accepted } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { printAccepted } from './print-accepted';

interface Options {
  idempotencyKey?: string;
  wait?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Submits the work of a task once more, as a task of its own: the same type, input and policies, whatever became of the ' +
    'first. It does not wait for --not-before again, and a deadline is not taken over.',
  examples: [
    { command: 'swarmctl task rerun t3-0198c2d4e5f60718293a4b5c6d', does: 'the same work, with a new id' },
    {
      command: 'swarmctl task rerun t3-0198c2d4e5f60718293a4b5c6d --idempotency-key report-again --wait',
      does: 'safe to repeat, and wait for the result',
    },
  ],
  configure(command: Command) {
    command
      .option('--idempotency-key <key>', 'a repetition with the same key is the same task')
      .option('--wait', 'wait for the end');
  },
  run: rerun,
};

async function rerun({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const { idempotencyKey, wait } = options;
  const api = new HttpApi(global.url);
  const body = idempotencyKey === undefined ? {} : { idempotencyKey };
  const accepted = await api.post<Accepted>(paths.taskControl(args[0] ?? '', 'rerun'), body);
  return printAccepted(api, accepted, wait === true, global, io);
}
