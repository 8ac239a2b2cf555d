import { streamRange } from '@multiswarm/bus';
import { streams, subjects, taskId } from '@multiswarm/contracts';
import { systemClock } from '@multiswarm/core';
import { eventually } from '@multiswarm/testing';
import { busEventStream, busLastEvents } from '../src/adapters/bus/ports';
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

describe('the stream of events', () => {
  // Of shards that nobody has.
  const [FOREIGN, SET_BACK] = [98, 97] as const;
  const warnings: string[] = [];
  const warn = (text: string): void => void warnings.push(text);
  const open = () => {
    const last = busLastEvents(world.bus);
    return { last, stream: busEventStream(world.bus, systemClock, last, { warn }) };
  };
  const entry = (shard: number, epoch: number, batchSeq: number) => ({
    ...{ shard, epoch, batchSeq },
    text: JSON.stringify({ v: 1, shard, epoch, batchSeq, events: [] }),
  });

  test('goes on behind a message that is none of ours: what it has is not known then, which is said once', async () => {
    const { last, stream } = open();
    const foreign = ['no JSON', '7', '{"epoch":"1"}', JSON.stringify({ shard: 1, epoch: 9, batchSeq: 9e9 })];
    for (const text of foreign) {
      const { connection } = world.bus;
      await connection.request(subjects.event(FOREIGN), text);
      expect([text, await stream.last(FOREIGN)]).toEqual([text, undefined]);
      // Whoever removes something where nothing was set back has to know.
      await expect(last(FOREIGN)).rejects.toThrow('no batch of it');
    }
    expect(warnings).toHaveLength(1);
    await stream.publish(entry(FOREIGN, 1, 5));
    expect(await last(FOREIGN)).toEqual({ epoch: 1, batchSeq: 5 });
  });

  test('stores an entry once, whoever publishes it, and what a later epoch has under the same number', async () => {
    const { last, stream } = open();
    const stored = async () => (await streamRange(world.bus.connection, streams.events)).lastSeq;
    await stream.publish(entry(SET_BACK, 1, 5));
    const once = await stored();
    await stream.publish(entry(SET_BACK, 1, 5));
    expect(await stored()).toBe(once);
    await stream.publish(entry(SET_BACK, 2, 5));
    expect(await last(SET_BACK)).toEqual({ epoch: 2, batchSeq: 5 });
  });
});
