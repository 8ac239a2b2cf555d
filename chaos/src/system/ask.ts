import { SwarmPage, type Swarm } from '@multiswarm/contracts';

/** On a connection of its own, which nobody has to close. */
const ALONE = { headers: { connection: 'close' } };

export async function isReady(url: string): Promise<boolean> {
  return (await fetch(`${url}/health/ready`, ALONE)).ok;
}

/** The swarms as an orchestrator (`/v1/swarms`) or a load-balancer (`/v1/endpoints`) sees them. */
export async function swarmsSeen(address: string): Promise<Swarm[]> {
  const response = await fetch(address, ALONE);
  return SwarmPage.parse(await response.json()).items;
}
