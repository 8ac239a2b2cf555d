import type { Command } from 'commander';
import type { MaintenanceWindow } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { durationOption } from '../../global-options';
import { momentOption } from '../../options/moment';
import { collect, collectPair } from '../../options/repeatable';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer } from '../../output/printer';
import { maintenanceView } from '../../views/health';

interface Options extends RequestedByOption {
  swarm?: string[];
  region?: string[];
  label?: Record<string, string>;
  from?: string;
  until?: string;
  every?: number;
  why?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Plans a window in which swarms get nothing new; what they run goes on. It is announced five minutes before. Where swarms, regions and labels are given, it is for ' +
    'those that all of them name.',
  examples: [
    {
      command: 'swarmctl maintenance plan --swarm eu-west-writers --until 1h --why "new disk"',
      does: 'from now on, for an hour',
    },
    {
      command:
        'swarmctl maintenance plan --region "eu-*" --label rack=r7 --from 2030-01-07T02:00:00Z --until 2030-01-07T03:00:00Z --every 168h --why patches',
      does: 'an hour each week',
    },
  ],
  configure(command: Command) {
    command
      .option('--swarm <id>', 'for this swarm; may be repeated', collect)
      .option('--region <region>', 'for a region, or a pattern; may be repeated', collect)
      .option('--label <key=value>', 'for swarms with this label; may be repeated', collectPair('--label'))
      .option('--from <when>', 'an instant, or a duration from now; now where not given')
      .option('--until <when>', 'an instant, or a duration from now; needed')
      .option('--every <duration>', 'it comes again so long after it began: 24h, 168h', durationOption)
      .option('--why <text>', 'for whoever wonders; needed');
    declareRequestedBy(command, 'with it');
  },
  run: plan,
};

async function plan({ options, global, io }: Invocation<Options>): Promise<number> {
  const { swarm, region, label, from = '0s', until, every, why } = options;
  if (until === undefined || why === undefined)
    throw usageFault('say until when and why', 'with --until 1h --why "…"');
  const now = (): number => io.clock.now();
  const body = {
    for: { swarms: swarm, regions: region, labels: label },
    from: momentOption('--from', now)(from),
    until: momentOption('--until', now)(until),
    everyMs: every,
    why,
    requestedBy: requestedBy(options, io),
  };
  const planned = await new HttpApi(global.loadBalancer).post<MaintenanceWindow>(paths.maintenance, body);
  new Printer(io, global.format).one(maintenanceView, planned);
  return EXIT.ok;
}
