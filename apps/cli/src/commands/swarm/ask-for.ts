import type { Command } from 'commander';
import type { Swarm } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { swarmView } from '../../views/swarm';

export interface ReasonOptions {
  reason?: string;
}

export function declareReason(command: Command): void {
  command.option('--reason <text>', 'why; it reaches the swarm, which logs it');
}

/** Asks the orchestrator to cordon, drain or uncordon the swarm that the command line names. */
export async function askFor(
  kind: 'cordon' | 'drain' | 'uncordon',
  { args, options, global, io }: Invocation<ReasonOptions>,
): Promise<{ api: HttpApi; swarm: Swarm; print: (swarm?: Swarm) => number }> {
  const api = new HttpApi(global.url);
  const body = options.reason === undefined ? {} : { reason: options.reason };
  const asked = await api.post<Swarm>(paths.swarmControl(args[0] ?? '', kind), body);
  const print = (swarm = asked): number => {
    new Printer(io, global.format).one(swarmView, swarm);
    return EXIT.ok;
  };
  return { api, swarm: asked, print };
}
