import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer } from '../../output/printer';
import type { View } from '../../output/printer';

interface Options extends RequestedByOption {
  why?: string;
}

const resetView: View<{ swarmId: string }> = {
  name: ({ swarmId }) => swarmId,
  none: '',
  columns: () => [{ header: 'RESET', value: ({ swarmId }) => swarmId }],
};

export const command: CommandDefinition<Options> = {
  description:
    'Ends what was forced for a swarm, and makes every load-balancer forget what it has learned of its health: it is as new.',
  examples: [{ command: 'swarmctl swarm reset eu-west-writers --why "new disk"', does: 'trust it again' }],
  configure(command: Command) {
    command.option('--why <text>', 'for whoever wonders later');
    declareRequestedBy(command, 'with it');
  },
  run: reset,
};

async function reset({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const body = { why: options.why, requestedBy: requestedBy(options, io) };
  const path = paths.endpointControl(args[0] ?? '', 'reset');
  new Printer(io, global.format).one(
    resetView,
    await new HttpApi(global.loadBalancer).post<{ swarmId: string }>(path, body),
  );
  return EXIT.ok;
}
