import type { Command } from 'commander';
import type { TaskState } from '@multiswarm/contracts';
import { followLogs } from '../../api/follow-logs';
import { HttpApi } from '../../api/http-api';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { interruptible } from '../../interruption';
import { isForPrograms } from '../../output/format';
import { paint, paintState } from '../../output/paint';
import { streamLine } from '../../views/stream-item';

type Options = Record<string, never>;

/** A state that changes without a word is seen after this. */
const HOLD_MS = 2_000;

export const command: CommandDefinition<Options> = {
  description:
    'Follows a task to its end: each state that it comes into, and what its attempts say meanwhile. Exit 0 when it succeeded, ' +
    '1 when it ended in any other way.',
  examples: [
    { command: 'swarmctl task watch t3-0198c2d4e5f60718293a4b5c6d', does: 'look over its shoulder' },
    {
      command: 'swarmctl task watch t3-0198c2d4e5f60718293a4b5c6d -o jsonl',
      does: 'the same, one JSON object per line',
    },
  ],
  configure(_command: Command) {
    // It has none of its own.
  },
  run: watch,
};

async function watch({ args, global, io }: Invocation<Options>): Promise<number> {
  const id = args[0] ?? '';
  const forPrograms = isForPrograms(global.format) || global.format === 'yaml';
  const color = paint(io.stdout, io.env);
  let state: TaskState | undefined;
  const print = (text: string, value: object): void => {
    io.stdout.write(`${forPrograms ? JSON.stringify(value) : text}\n`);
  };
  await interruptible(io, `the task goes on; "swarmctl task get ${id}" shows it`, async (signal) => {
    const options = { follow: true, holdMs: HOLD_MS, signal };
    for await (const page of followLogs(new HttpApi(global.url), id, options, io)) {
      for (const item of page.items) print(streamLine(item, color, true), item);
      if (page.state !== state) print(`${id}  ${paintState(color, page.state)}`, { id, state: page.state });
      state = page.state;
    }
  });
  return state === 'succeeded' ? EXIT.ok : EXIT.workFailed;
}
