import type { Command } from 'commander';
import { waitForDrain } from '../../api/wait-for-drain';
import type { CommandDefinition, Invocation } from '../../command';
import { askFor, declareReason, type ReasonOptions } from './ask-for';

interface Options extends ReasonOptions {
  wait?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Lets a swarm finish what it has and gives it nothing new until "swarm uncordon". The process goes on; it stands when the ' +
    'swarm is started again. With --wait: until it holds nothing any more.',
  examples: [
    {
      command: 'swarmctl swarm drain eu-west-writers --wait --timeout 10m',
      does: 'before its machine is taken away',
    },
    {
      command: 'swarmctl swarm drain eu-west-writers --reason "new kernel"',
      does: 'say why; its log keeps it',
    },
  ],
  configure(command: Command) {
    declareReason(command);
    command.option('--wait', 'wait until it holds nothing any more');
  },
  run: drain,
};

async function drain(invocation: Invocation<Options>): Promise<number> {
  const { options, global, io } = invocation;
  const { api, swarm, print } = await askFor('drain', invocation);
  if (!options.wait) return print();
  const drained = await waitForDrain(api, swarm.swarmId, global, io);
  if (!drained) io.stderr.write(`swarm ${swarm.swarmId} has stopped\n`);
  return print(drained ?? { ...swarm, held: [], busySlots: 0 });
}
