import { taskId } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { World, type Replica } from './support/world';

let world: World;
let one: Replica;

beforeAll(async () => {
  world = await World.start();
  one = await world.replica();
  await world.swarm('a');
  // Every shard has its owner.
  const ids = await Promise.all(Array.from({ length: 50 }, () => one.submit({})));
  await Promise.all(ids.map((id) => one.ended(id)));
  await eventually(async () => (await refused('ms.v1.shard.0.command', '{}')) === 'invalid-request');
});
afterAll(() => world.stop());

/** Sends a text as it is, and resolves with the code of the refusal. */
async function refused(subject: string, text: string): Promise<string> {
  const message = await world.bus.connection.request(subject, text, { timeout: 5_000 });
  return message.json<{ error: { code: string } }>().error.code;
}

const SPEC = {
  ...{ type: 'work', input: {}, requirements: {}, priority: 'normal', timeouts: {}, metadata: {} },
  retry: { maxAttempts: 3, initialMs: 1, factor: 2, maxMs: 5, jitter: 0, nonRetryableCodes: [] },
  ...{ namespace: 'default', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
};

function submission(spec: object, id = taskId(0, 'forged0123456789')): string {
  const task = { id, shard: 0, keyed: true, order: 1, spec };
  return JSON.stringify({ v: 1, kind: 'submit-tasks', tasks: [task] });
}

/** Keys of the shard under which tasks and runs are kept. */
async function kept(): Promise<string[]> {
  return (await world.keys()).filter((key) => /^ms:\{s0\}:(specs|states|tasks|workflows|[wh]:)/.test(key));
}

test('a task that no intake can have made is refused by its owner, and leaves a shard that can be loaded', async () => {
  const before = await kept();
  const forged = [
    submission({}),
    submission({ ...SPEC, retry: undefined }),
    submission({ ...SPEC, estimateMs: 'HUGE' }).replace('"HUGE"', '1e999'),
    submission({ ...SPEC, type: { toString: 1 } }),
    submission(SPEC, taskId(1, 'another012345678')),
    submission(SPEC, 'no id'),
    '{"v":1,"kind":"submit-run","run":{"shard":0,"keyed":true,"record":{},"steps":[]}}',
  ];
  for (const text of forged)
    expect([text, await refused('ms.v1.shard.0.command', text)]).toEqual([text, 'invalid-request']);
  expect(await kept()).toEqual(before);
  await one.stop();
  one = await world.replica();
  const ids = await Promise.all(Array.from({ length: 20 }, () => one.submit({})));
  await Promise.all(ids.map((id) => one.ended(id)));
});

test('more free slots than any swarm can have do not keep an orchestrator busy', async () => {
  const event = {
    v: 1,
    swarmId: 'a',
    region: 'eu-west',
    freeSlots: Number.MAX_SAFE_INTEGER,
    reason: 'freed',
  };
  world.bus.publish('ms.v1.lb.capacity', event);
  await one.ended(await one.submit({}));
});
