import type { MaintenancePage } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { maintenanceView } from '../../views/health';

export const command: CommandDefinition = {
  description: 'Lists the windows in which swarms get nothing new, with their present or next time.',
  examples: [{ command: 'swarmctl maintenance list', does: 'what is planned' }],
  configure: () => undefined,
  run: list,
};

async function list({ global, io }: Invocation): Promise<number> {
  const { items } = await new HttpApi(global.loadBalancer).get<MaintenancePage>(paths.maintenance);
  new Printer(io, global.format).list(maintenanceView, items);
  return EXIT.ok;
}
