import { connectBus } from '@multiswarm/bus';
import { Swarm } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { FakeSwarm } from './fake-swarm';
import type { Replica, World } from './world';

/**
 * An attempt in this region that is lost, once in a test; resolves when its owner has recorded that. Whoever declares losses there has done
 * so by then: attempts that are still running have not been taken for lost, though they could have been.
 * @param loss `silent`: its swarm falls silent, which the coordinator has to find out; `unlisted`: the swarm lives and lists the attempt no
 * more, which the owner has to find out when its lease is over
 */
export async function canary(
  world: World,
  replica: Replica,
  { region, servers }: { region: string; servers: string },
  loss: 'silent' | 'unlisted',
): Promise<void> {
  const name = `canary-${region}`;
  const bus = await connectBus({ servers, name });
  const swarm = new FakeSwarm(bus, name, region, () => undefined).start();
  world.lb.offer(name, region, 1, [name]);
  try {
    const id = await replica.submit({ type: name });
    const isListed = async () => (await listed(replica, name)) === id;
    await eventually(isListed, { timeoutMs: 30_000, describe: `${name} listing its attempt` });
    world.lb.withdraw(name);
    if (loss === 'silent') swarm.crash();
    else swarm.forget(id, 1);
    await eventually(async () => (await replica.task(id)).attempts[0]?.outcome === 'lost', {
      timeoutMs: 30_000,
      describe: `the loss of what was ${loss}`,
    });
  } finally {
    swarm.crash();
    await bus.close();
  }
}

/** What its swarm has listed in a heartbeat. */
async function listed(replica: Replica, swarmId: string): Promise<string | undefined> {
  const { status, body } = await replica.call('GET', `/v1/swarms/${swarmId}`);
  return status === 200 ? Swarm.parse(body).held[0]?.taskId : undefined;
}

/** The swarms whose loss a coordinator has declared. */
export function lossesIn(coordinator: Replica): string[] {
  return coordinator
    .logs()
    .split('\n')
    .filter((line) => line.includes('attempts lost'))
    .map((line) => (JSON.parse(line) as { swarmId: string }).swarmId);
}
