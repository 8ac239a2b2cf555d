import type { Swarm } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { Holding, sdkSwarm } from './support/far-region';
import { World, type Replica } from './support/world';

const KEPT_MS = 1_000;
/** How often a busy machine may be too slow for one task to follow another in time. */
const TRIES = 20;

let world: World;
let one: Replica;
let swarms: Swarm[];

beforeEach(async () => {
  swarms = [];
  world = await World.start();
  one = await world.replica({ SLOT_KEPT_MS: String(KEPT_MS) });
  await joins('a');
});
afterEach(async () => {
  for (const swarm of swarms) await swarm.stop();
  await world.stop();
});

async function joins(id: string): Promise<Swarm> {
  const swarm = sdkSwarm({ id, region: 'eu-west', servers: world.nats.url, slots: 4 }, new Holding());
  swarms.push(swarm.handle('other', () => null));
  await swarm.start();
  world.lb.offer(id, 'eu-west', 4);
  return swarm;
}

const asked = (): string[] => world.lb.items.map(({ key }) => key);
const told = (id: string) => world.lb.outcomes.find(({ taskId }) => taskId === id);

/** Two tasks, of which the second one has taken over the slot of the first. */
async function pair(): Promise<{ first: string; second: string }> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const first = await one.submit({ type: 'echo', input: 1 });
    expect(await one.ended(first)).toMatchObject({ state: 'succeeded', output: 1 });
    const second = await one.submit({ type: 'echo', input: 2 });
    expect(await one.ended(second)).toMatchObject({ state: 'succeeded', output: 2, attempt: 1 });
    if (!asked().includes(second)) return { first, second };
  }
  throw new Error(`none of ${TRIES} tasks took over a slot`);
}

test('a task that follows closely takes over the slot of the one before; another one is placed over all slots', async () => {
  const { first, second } = await pair();
  expect((await one.task(second)).attempts[0]?.receipt?.because).toContain(first);
  await eventually(() => told(first));
  expect(told(first)).toMatchObject({ outcome: 'succeeded', next: { taskId: second } });

  const other = await one.submit({ type: 'other' });
  await one.ended(other);
  expect(asked()).toContain(other);
  await eventually(() => told(second));
  expect(told(second)).not.toHaveProperty('next');
  await world.allSlotsBack();
  expect(told(other)).toMatchObject({ outcome: 'succeeded' });
  expect(world.lb.unknownReports).toEqual([]);
}, 60_000);

test.each([
  ['is cordoned', async () => void (await one.call('POST', '/v1/swarms/a/cordon', { reason: 'new kernel' }))],
  ['stops', () => swarms[0]?.stop()],
])(
  'where the swarm %s while its slot is kept, what follows runs elsewhere',
  async (_name, goes) => {
    await pair();
    await joins('b');
    await eventually(async () => (await one.call('GET', '/v1/swarms/b')).status === 200);
    world.lb.withdraw('a');
    await goes();
    const next = await one.submit({ type: 'echo', input: 3 });
    expect(await one.ended(next)).toMatchObject({ state: 'succeeded', output: 3, swarmId: 'b' });
    await world.allSlotsBack();
  },
  60_000,
);
