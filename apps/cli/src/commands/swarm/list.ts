import type { Command } from 'commander';
import type { Swarm } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import type { Page } from '../../api/pages';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { swarmView } from '../../views/swarm';
import { watch } from '../../watch';

interface Options {
  region?: string;
  watch?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Lists the swarms that are connected: where they are, how busy, what they can do and what they cost.',
  examples: [
    { command: 'swarmctl swarm list', does: 'the fleet' },
    {
      command: 'swarmctl swarm list --region eu-west -o wide',
      does: 'one region, with attributes, labels and resources',
    },
    { command: 'swarmctl swarm list --watch', does: 'keep looking' },
  ],
  configure(command: Command) {
    command.option('--region <region>', 'only this region').option('--watch', 'keep looking until Ctrl-C');
  },
  run: list,
};

async function list({ options, global, io }: Invocation<Options>): Promise<number> {
  const api = new HttpApi(global.url);
  const printer = new Printer(io, global.format);
  const read = async (): Promise<Swarm[]> => {
    const { items } = await api.get<Page<Swarm>>(paths.swarms);
    return options.region === undefined ? items : items.filter(({ region }) => region === options.region);
  };
  if (!options.watch) {
    printer.list(swarmView, await read());
    return EXIT.ok;
  }
  await watch(
    { read, render: (swarms) => printer.renderList(swarmView, swarms), done: () => false },
    global,
    io,
  );
  return EXIT.interrupted;
}
