import { connectBus, ensureStream, serverSeen, type Bus } from '@multiswarm/bus';
import { eventually, startLeafTopology, startNatsCluster } from '@multiswarm/testing';
import { z } from 'zod';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function connected(servers: string): Promise<Bus> {
  const bus = await connectBus({ servers, name: 'test', closeGraceMs: 500 });
  ends.push(() => bus.close());
  return bus;
}

function stream(name: string, subject: string, replicas = 1): Parameters<typeof ensureStream>[1] {
  const limits = { maxAgeMs: 60_000, maxBytes: 1_000_000, dedupWindowMs: 1_000 };
  return { name, subjects: [subject], replicas, ...limits };
}

/** Whether what one asks is answered by the other at this moment. */
async function isHeard(from: Bus, to: Bus): Promise<boolean> {
  const listening = to.respond('probe', { request: z.unknown() }, () => Promise.resolve(null));
  try {
    await to.rttMs();
    await from.request('probe', {}, { reply: z.null(), timeoutMs: 200 });
    return true;
  } catch {
    return false;
  } finally {
    listening.stop();
  }
}

test('a leaf with a domain of its own hears the hub, goes on storing while its line is cut, and hears it again', async () => {
  const topology = await startLeafTopology(['eu', 'us']);
  ends.push(() => topology.stop());
  const [eu, us] = topology.leaves;
  const [hub, inside, other] = await Promise.all([
    connected(topology.hub.url),
    connected(eu!.server.url),
    connected(us!.server.url),
  ]);
  await eventually(() => isHeard(inside, hub));
  await eventually(() => isHeard(other, inside));
  const domains = await Promise.all([hub, inside, other].map((bus) => serverSeen(bus)));
  expect(domains.map(({ domain }) => domain)).toEqual(['hub', 'eu', 'us']);
  await ensureStream(inside.connection, stream('KEPT', 'kept.eu.>'));

  eu!.line.cut();
  await eventually(async () => !(await isHeard(hub, inside)));
  await eventually(() => isHeard(other, hub));
  await expect(inside.publishStored('kept.eu.a', {}, { messageId: '1' })).resolves.toMatchObject({ seq: 1 });

  eu!.line.heal();
  await eventually(() => isHeard(hub, inside), { timeoutMs: 10_000 });
  // What the hub stores in the leaf's stream, it stores there alone.
  await expect(hub.publishStored('kept.eu.b', {}, { messageId: '2' })).resolves.toMatchObject({ seq: 2 });
});

test('a cluster of three keeps what it has acknowledged when one of its servers is killed', async () => {
  const cluster = await startNatsCluster();
  ends.push(() => cluster.stop());
  const bus = await connected(cluster.urls);
  await eventually(
    async () => {
      await ensureStream(bus.connection, stream('KEPT', 'kept.>', 3));
      return true;
    },
    { timeoutMs: 15_000 },
  );
  await expect(bus.publishStored('kept.a', {}, { messageId: '1' })).resolves.toMatchObject({ seq: 1 });
  await cluster.servers[0]!.kill('SIGKILL');
  const next = await eventually(
    () => bus.publishStored('kept.b', {}, { messageId: '2' }).catch(() => undefined),
    { timeoutMs: 20_000 },
  );
  expect(next.seq).toBe(2);
});
