import type { Command } from 'commander';
import type { Workflow } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { readWorkflow } from '../../api/read-workflow';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { workflowDetail, workflowView } from '../../views/workflow';
import { watchWorkflow } from '../../watch-workflow';

interface Options {
  watch?: boolean;
}

export const command: CommandDefinition<Options> = {
  description: `Shows one workflow and each of its steps, also those that have not begun: state, how long it ran or is expected to run, when it
ends, how much later it may end (slack), what it cost, where it runs, or why it waits and for what. ◆ is on the critical path. Of
the items of a map those have lines of their own that failed or are under way; -o wide has all of them, and the ids of the tasks.`,
  examples: [
    { command: 'swarmctl workflow get w3-0198c2d4e5f60718293a4b5c6d', does: 'as it is now' },
    { command: 'swarmctl workflow get w3-0198c2d4e5f60718293a4b5c6d --watch', does: 'follow it to its end' },
    {
      command: 'swarmctl workflow get w3-0198c2d4e5f60718293a4b5c6d -o wide',
      does: 'every item, every task',
    },
    {
      command: 'swarmctl workflow get w3-0198c2d4e5f60718293a4b5c6d -o json',
      does: 'the whole record, with the output',
    },
  ],
  configure(command: Command) {
    command.option('--watch', 'follow it to its end');
  },
  run: get,
};

async function get({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const api = new HttpApi(global.url);
  const printer = new Printer(io, global.format);
  const read = (): Promise<Workflow> => readWorkflow(api, args[0] ?? '');
  if (!options.watch) {
    printer.one(workflowView, await read());
    return EXIT.ok;
  }
  const rows = io.stdout.isTty ? io.stdout.rows : undefined;
  const live = {
    ...workflowView,
    detail: (workflow: Workflow, context: Printer['context']) => workflowDetail(workflow, context, rows),
  };
  return watchWorkflow(read, (workflow) => printer.render(live, workflow), global, io);
}
