import type { Swarm } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { Holding, sdkSwarm } from './support/far-region';
import { World, type Replica } from './support/world';

/** Long enough for what follows in a test, and short enough to see it end. */
const KEPT_MS = 2_000;

let world: World;
let one: Replica;
let swarm: Swarm;

beforeAll(async () => {
  world = await World.start();
  one = await world.replica({ SLOT_KEPT_MS: String(KEPT_MS) });
  const holding = new Holding();
  swarm = sdkSwarm({ id: 'a', region: 'eu-west', servers: world.nats.url, slots: 4 }, holding).handle(
    'other',
    () => null,
  );
  await swarm.start();
  world.lb.offer('a', 'eu-west', 4);
});
afterAll(async () => {
  await swarm.stop();
  await world.stop();
});

test('a task that follows closely takes over the slot of the one before; another one is placed over all slots', async () => {
  const first = await one.submit({ type: 'echo', input: 1 });
  expect(await one.ended(first)).toMatchObject({ state: 'succeeded', output: 1 });
  expect(world.lb.outcomes).toEqual([]);

  const second = await one.submit({ type: 'echo', input: 2 });
  const after = await one.ended(second);
  expect(after).toMatchObject({ state: 'succeeded', output: 2, swarmId: 'a', attempt: 1 });
  expect(after.attempts[0]?.receipt?.because).toContain(first);
  expect(world.lb.items.map(({ key }) => key)).toEqual([first]);
  await eventually(() => world.lb.outcomes.length === 1);
  expect(world.lb.outcomes).toMatchObject([
    { taskId: first, outcome: 'succeeded', next: { taskId: second } },
  ]);

  const other = await one.submit({ type: 'other' });
  await one.ended(other);
  expect(world.lb.items.map(({ key }) => key)).toEqual([first, other]);
  expect(world.lb.outcomes.map(({ taskId, next }) => [taskId, next?.taskId])).toEqual([
    [first, second],
    [second, undefined],
  ]);
  await world.allSlotsBack();
  expect(world.lb.outcomes.at(-1)).toMatchObject({ taskId: other, outcome: 'succeeded' });
  expect(world.lb.unknownReports).toEqual([]);
}, 30_000);
