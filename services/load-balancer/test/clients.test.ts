import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, type Client } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { World, type Replica } from './support/world';

let world: World;
let one: Replica;
let server: Server;

beforeAll(async () => {
  world = await World.start();
  one = await world.replica();
  server = createServer(one.app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await world.stop();
});

const ways: [string, () => Promise<Client>][] = [
  ['NATS', () => connect({ bus: world.bus, retryForMs: 0 })],
  [
    'HTTP',
    () => {
      const { port } = server.address() as AddressInfo;
      const loadBalancerUrl = `http://127.0.0.1:${port}`;
      return connect({ url: 'http://127.0.0.1:1', loadBalancerUrl, retryForMs: 0 });
    },
  ],
];

test.each(ways)('a client registers, routes, reports and removes over %s', async (_way, connected) => {
  const client = await connected();
  const swarmId = 'gpu_swarm';
  const given = { swarmId, address: 'gpu.endpoint', region: 'us-east', slots: 1, costPerHour: 5 };
  const { revision } = await client.endpoints.register(given, { ifRevision: 0 });
  await expect(client.endpoints.register(given, { ifRevision: 0 })).rejects.toMatchObject({
    code: 'revision-conflict',
  });
  expect((await client.endpoints.list({ kind: 'external' })).items).toMatchObject([given]);

  const free = async () => (await client.endpoints.get(swarmId)).freeSlots === 1;
  const first = await client.routing.route({ requirements: {} });
  expect(first).toMatchObject({ swarmId, address: 'gpu.endpoint' });
  await expect(client.routing.route()).rejects.toMatchObject({ code: 'no-placement' });
  const { reservationId } = first;
  await client.routing.report({ swarmId, success: true, responseTimeMs: 3, reservationId });
  await eventually(free);
  const second = await client.routing.route();
  await client.routing.release(second.reservationId);
  await eventually(free);

  const { choices } = await client.routing.simulate({ policies: ['cost', 'round-robin'] });
  expect(choices).toMatchObject([
    { policy: 'cost', swarmId },
    { policy: 'round-robin', swarmId },
  ]);
  const replay = await client.routing.replay({ policy: 'cost' });
  expect(replay.replayed).toBeGreaterThanOrEqual(2);
  expect(replay.same).toBe(replay.replayed);
  const metrics = await client.routing.metrics();
  expect(metrics.endpoints).toMatchObject({ known: 1, active: 1, slots: 1 });
  expect(metrics).toMatchObject({ successRate: 1, averageResponseTimeMs: 3, slowShare: 0 });
  expect(metrics.policies[0]).toMatchObject({ policy: 'hybrid', successRate: 1 });
  expect(metrics.placed).toBe(metrics.requests - metrics.waiting);
  expect((await client.routing.policies()).available.length).toBeGreaterThan(0);
  await client.endpoints.remove(swarmId, revision === undefined ? {} : { ifRevision: revision });
  await expect(client.endpoints.get(swarmId)).rejects.toMatchObject({ code: 'endpoint-not-found' });
  if (_way === 'HTTP') await client.close();
});

test('over HTTP without the address of the load-balancer it says which one is needed', async () => {
  const client = await connect({ url: 'http://127.0.0.1:1', retryForMs: 0 });
  await expect(client.routing.route()).rejects.toMatchObject({
    code: 'invalid-configuration',
    message: expect.stringContaining('loadBalancerUrl') as string,
  });
  await client.close();
});
