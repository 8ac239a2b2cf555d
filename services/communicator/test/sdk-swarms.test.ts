import type { Message } from '@multiswarm/contracts';
import { createSwarm, type Swarm } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import { World } from './world';

let world: World;
const swarms: Swarm[] = [];

beforeEach(async () => {
  world = await World.start();
  await world.replica();
});

afterEach(async () => {
  await Promise.all(swarms.splice(0).map((swarm) => swarm.stop()));
  await world.stop();
});

/** A swarm of the SDK and all messages that its handlers got. */
async function join(id: string): Promise<{ swarm: Swarm; got: Message[] }> {
  const logger = createLogger({ service: 'swarm', level: 'silent' });
  const swarm = createSwarm({
    id,
    region: 'local',
    slots: 1,
    servers: world.nats.url,
    handleSignals: false,
    logger,
  });
  const got: Message[] = [];
  swarm.handle('noop', () => null);
  swarm.messages.on('*', (message) => void got.push(message));
  swarms.push(swarm);
  await swarm.start();
  // Its first heartbeat went out before this, on the same connection: once this is answered, the communicator knows it.
  await swarm.messages.send({ to: id, kind: 'to-myself' });
  return { swarm, got };
}

test('swarms of the SDK write to one another, as soon as they have started', async () => {
  const [a, b] = [await join('a'), await join('b')];
  const status = await a.swarm.messages.send({
    to: 'b',
    kind: 'task-request',
    data: { type: 'count', input: 1 },
    correlationId: 'c-1',
  });
  expect(status).toMatchObject({ status: 'published', recipients: ['b'] });
  await eventually(() => b.got.length > 0);
  expect(b.got).toEqual([
    expect.objectContaining({
      id: status.id,
      from: 'a',
      to: 'b',
      kind: 'task-request',
      data: { type: 'count', input: 1 },
      correlationId: 'c-1',
    }),
  ]);
  await b.swarm.messages.send({
    to: 'a',
    kind: 'task-response',
    data: { state: 'succeeded' },
    correlationId: 'c-1',
  });
  await eventually(() =>
    a.got.some(({ kind, correlationId }) => kind === 'task-response' && correlationId === 'c-1'),
  );
});

test('a broadcast reaches every other swarm once, and never its sender', async () => {
  const [a, b, c] = [await join('a'), await join('b'), await join('c')];
  expect(await a.swarm.messages.broadcast({ kind: 'note' })).toMatchObject({ recipients: ['b', 'c'] });
  // A later message of the same sender arrives after the broadcast, so by then all that will come has come.
  await a.swarm.messages.broadcast({ kind: 'marker' });
  await eventually(() => [b, c].every(({ got }) => got.some(({ kind }) => kind === 'marker')));
  expect([a, b, c].map(({ got }) => got.map(({ kind }) => kind))).toEqual([
    [],
    ['note', 'marker'],
    ['note', 'marker'],
  ]);
});

test('a swarm that has stopped is no recipient any more', async () => {
  const [a, b] = [await join('a'), await join('b')];
  await b.swarm.stop();
  await expect(a.swarm.messages.send({ to: 'b', kind: 'note' })).rejects.toMatchObject({
    code: 'recipient-unknown',
  });
});
