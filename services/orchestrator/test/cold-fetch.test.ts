import type { BatchReply, SystemStatus } from '@multiswarm/contracts';
import type { Swarm } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { HOT_WAITING_TASKS } from '../src/application/shard-state';
import { Holding, sdkSwarm } from './support/far-region';
import { ReplicaSet } from './support/replica-set';
import { World, type Replica } from './support/world';

const SLOTS = 40;
/** The oldest of those that wait are not in memory, and they are the next to run. */
const COLD = 100;

let world: World;
let set: ReplicaSet;
let swarm: Swarm;
let holding: Holding;
let ran: string[];

beforeEach(async () => {
  ran = [];
  holding = new Holding();
  world = await World.start();
  set = new ReplicaSet(world, 1);
  swarm = sdkSwarm({ id: 'a', region: 'eu-west', servers: world.nats.url, slots: SLOTS }, holding).handle(
    'note',
    (_input, { task }) => {
      ran.push(`${task.id}#${task.attempt}`);
      return null;
    },
  );
});

afterEach(async () => {
  await swarm.stop();
  const faults = set.stop();
  await world.stop();
  expect(faults).toEqual([]);
});

async function submitMany(replica: Replica, type: string, count: number): Promise<string[]> {
  const tasks = Array<object>(count).fill({ type });
  const { results } = (await replica.call('POST', '/v1/tasks/batch', { tasks })).body as BatchReply;
  return results.map((result) => ('id' in result ? result.id : ''));
}

test.each([
  ['dies', (replica: Replica) => replica.crash()],
  ['reaches Redis again afterwards', (replica: Replica) => Promise.resolve(replica.ways?.redis.heal())],
])(
  'a slot comes free for a task that is not in memory, and while that is read back the scheduler changes hands: the task runs once, where the replica before %s',
  async (_name, goOn) => {
    const before = await set.join();
    await swarm.start();
    world.lb.offer('a', 'eu-west', SLOTS);
    // From here on it is known that such tasks fit this swarm.
    const known = await before.submit({ type: 'note' });
    await before.ended(known);
    const held = await submitMany(before, 'hold', SLOTS);
    await eventually(() => holding.began.length === SLOTS);
    const waiting = await submitMany(before, 'note', HOT_WAITING_TASKS + COLD);
    await set.schedulerKnows(waiting.length);

    const [first = '', ...others] = held;
    const [next = ''] = waiting;
    before.ways?.redis.hold();
    holding.end(`${first}#1`, 'done');
    await eventually(() => before.ways?.redis.held.includes(next), {
      describe: () => `${next} being read back, but: ${before.ways?.redis.held}`,
    });
    const after = await set.join();
    await set.shared([after]);
    await eventually(() => set.scheduling === after);
    const over = goOn(before);

    for (const id of others) holding.end(`${id}#1`, 'done');
    const all = [known, ...held, ...waiting];
    let last: SystemStatus['tasks'] = {};
    await eventually(
      async () => {
        last = ((await after.call('GET', '/status')).body as SystemStatus).tasks;
        return last['succeeded'] === all.length;
      },
      { timeoutMs: 30_000, describe: () => `${all.length} successes, tasks are ${JSON.stringify(last)}` },
    );
    expect([...ran].sort()).toEqual([known, ...waiting].map((id) => `${id}#1`).sort());
    expect(await after.task(next)).toMatchObject({ state: 'succeeded', attempt: 1 });
    await over;
  },
  60_000,
);
