import {
  connectBus,
  ensureStream,
  KeyValueBucket,
  PayloadBucket,
  PayloadInventory,
  type Bus,
} from '@multiswarm/bus';
import { streams, subjects } from '@multiswarm/contracts';
import { systemClock, systemIds } from '@multiswarm/core';
import { eventually, startNatsCluster, type NatsCluster } from '@multiswarm/testing';
import type { Counts } from '../src/linearizability/client';
import { underFaults } from '../src/linearizability/faults';

const SETTINGS = { history: 1, replicas: 3, maxValueBytes: 1_000, maxBytes: 1_000_000 };

describe('a bucket on three servers', () => {
  let cluster: NatsCluster;
  let buses: Bus[];

  beforeAll(async () => {
    cluster = await startNatsCluster();
    buses = await Promise.all(
      cluster.servers.map(({ url }) => connectBus({ servers: url, name: 'client', closeGraceMs: 100 })),
    );
    const first = new KeyValueBucket(buses[0]!.connection, 'shared');
    await eventually(() => first.make(SETTINGS).then(() => true), { timeoutMs: 30_000 });
  });

  afterAll(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await cluster.stop();
  });

  test('of many writes at once over the same revision one is taken, time after time', async () => {
    const buckets = buses.map(({ connection }) => new KeyValueBucket(connection, 'shared'));
    for (let revision = 0, round = 0; round < 10; round++) {
      const writes = Array.from({ length: 9 }, (_, index) =>
        buckets[index % 3]!.put('k', `${round}-${index}`, revision),
      );
      const outcomes = await Promise.allSettled(writes);
      const taken = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(taken).toHaveLength(1);
      revision = taken[0]!;
    }
  });

  test('a claim of a payload and its removal at the same moment never both succeed', async () => {
    const [one, other] = buses;
    if (one === undefined || other === undefined) throw new Error('no connection');
    await ensureStream(one.connection, {
      name: streams.payloads,
      subjects: [subjects.allPayloadParts(), subjects.allPayloadDescriptions()],
      ...{ maxAgeMs: 0, maxBytes: 1_000_000, replicas: 3, dedupWindowMs: 1_000 },
      ...{ refusesWhenFull: true, isStore: true },
    });
    const bucket = new PayloadBucket(one.connection, systemClock, systemIds);
    const inventory = new PayloadInventory(other.connection, systemClock);
    for (let round = 0; round < 10; round += 1) {
      const ref = await bucket.store('default', `payload ${round}`);
      const seen = await bucket.find(ref.id);
      const [claimed, removed] = await Promise.all([
        bucket.claim(ref).then(
          () => true,
          () => false,
        ),
        inventory.remove(seen),
      ]);
      expect(claimed).toBe(!removed);
    }
  });

  test('without a majority a write is refused, and with one again it is taken', async () => {
    const [alive, ...others] = cluster.servers;
    const bucket = new KeyValueBucket(buses[0]!.connection, 'shared', { timeoutMs: 500 });
    await Promise.all(others.map((server) => server.kill('SIGKILL')));
    await expect(bucket.put('q', 'alone')).rejects.toMatchObject({
      code: 'state-unavailable',
      retryable: true,
    });
    await Promise.all(others.map((server) => server.restart()));
    await eventually(() => bucket.put('q', 'together'), { timeoutMs: 30_000 });
    expect(await eventually(() => bucket.get('q'))).toMatchObject({ value: 'together' });
    expect(alive?.pid).toBeGreaterThan(0);
  });
});

test('what clients see while servers are killed and started again is linearizable', async () => {
  // An election takes seconds in which nothing is answered, so that clients go on until there is something that could be wrong.
  const least = ({ reads, writes, swaps, conflicts, unknown }: Counts): number =>
    Math.min(reads, writes, swaps - conflicts) - unknown;
  const options = {
    seed: 1,
    seconds: 5,
    clients: 4,
    keys: 2,
    pauseMs: 5,
    faults: ['kill', 'restart'] as const,
    enough: (counts: Counts) => least(counts) > 0,
  };
  const report = await underFaults(options, () => undefined);
  expect(report).toMatchObject({ verdict: 'linearizable', of: [] });
  expect(report.faults.length).toBeGreaterThan(0);
  expect(least(report.counts)).toBeGreaterThan(0);
});
