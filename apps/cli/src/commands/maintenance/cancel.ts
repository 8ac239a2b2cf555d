import type { Command } from 'commander';
import type { CancelledMaintenance } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, Fault } from '../../faults';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer, type View } from '../../output/printer';

const cancelledView: View<CancelledMaintenance> = {
  name: ({ id }) => id,
  none: '',
  columns: () => [{ header: 'CANCELLED', value: ({ id }) => id }],
};

export const command: CommandDefinition<RequestedByOption> = {
  description: 'Cancels a maintenance window. Where it is active, it ends.',
  examples: [
    { command: 'swarmctl maintenance cancel m-0198c2d3e4f5', does: 'this window, and all its times to come' },
  ],
  configure(command: Command) {
    declareRequestedBy(command, 'with it');
  },
  run: cancel,
};

async function cancel({ args, options, global, io }: Invocation<RequestedByOption>): Promise<number> {
  const [id = ''] = args;
  const query = { requestedBy: requestedBy(options, io) };
  const cancelled = await new HttpApi(global.loadBalancer).delete<CancelledMaintenance>(
    paths.maintenanceWindow(id),
    {
      query,
    },
  );
  if (!cancelled.wasPlanned)
    throw new Fault(`no maintenance window "${id}" is planned`, {
      ...{
        code: 'maintenance-not-found',
        exit: EXIT.notFound,
        hint: '"swarmctl maintenance list" lists them',
      },
    });
  new Printer(io, global.format).one(cancelledView, cancelled);
  return EXIT.ok;
}
