import type { Command } from 'commander';
import type { Workflow } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { followWorkflow } from '../../follow-workflow';
import { interruptible } from '../../interruption';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer } from '../../output/printer';
import { acceptedView } from '../../views/accepted';

interface Options extends RequestedByOption {
  reason?: string;
  wait?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Cancels a workflow: steps that wait never start, steps that run are told to stop. With --wait: until all of it has ended, ' +
    'and exit 1 when it had succeeded or failed before the cancellation reached it.',
  examples: [
    { command: 'swarmctl workflow cancel w3-0198c2d4e5f60718293a4b5c6d', does: 'cancel it' },
    {
      command: 'swarmctl workflow cancel w3-0198c2d4e5f60718293a4b5c6d --reason "wrong plan" --wait',
      does: 'say why, and wait until all of it has stopped',
    },
  ],
  configure(command: Command) {
    declareRequestedBy(command.option('--reason <text>', 'kept with the workflow')).option(
      '--wait',
      'wait until it has ended',
    );
  },
  run: cancel,
};

async function cancel({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const api = new HttpApi(global.url);
  const id = args[0] ?? '';
  const body = { reason: options.reason, requestedBy: requestedBy(options, io) };
  const workflow = await api.post<Pick<Workflow, 'id' | 'state'>>(paths.workflowCancel(id), body);
  const printer = new Printer(io, global.format);
  if (!options.wait) {
    printer.one(acceptedView, { id, state: workflow.state });
    return EXIT.ok;
  }
  const ended = await interruptible(io, `it is being cancelled: swarmctl workflow get ${id}`, (signal) =>
    followWorkflow(api, id, io, { timeoutMs: global.timeoutMs, signal }),
  );
  printer.one(acceptedView, { id, state: ended.state });
  return ended.state === 'cancelled' ? EXIT.ok : EXIT.workFailed;
}
