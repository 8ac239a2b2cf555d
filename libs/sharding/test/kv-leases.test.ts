import { connectBus, type Bus } from '@multiswarm/bus';
import { systemClock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import { kvLeases, SharedShards, type KvLeases, type OwnedShard } from '@multiswarm/sharding';

const LONG_MS = 60_000;
const BUCKET = { bucket: 'test-leases', replicas: 1 };

let nats: TestServer;
const ends: (() => unknown)[] = [];
beforeEach(async () => {
  nats = await startNats();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await nats.stop();
});

async function connected(name: string): Promise<{ bus: Bus; leases: KvLeases }> {
  const bus = await connectBus({ servers: nats.url, name, closeGraceMs: 500 });
  ends.push(() => bus.close());
  const leases = await kvLeases(bus, BUCKET, systemClock);
  ends.push(() => leases.stop());
  return { bus, leases };
}

async function epochOf(leases: KvLeases, owner: string): Promise<number> {
  const taken = await leases.acquire('a', owner, LONG_MS);
  if (!taken.held) throw new Error(`held by ${taken.owner}`);
  return taken.epoch;
}

test('of those who ask for one lease at the same time one has it, and the others are told who', async () => {
  const all = await Promise.all(['a', 'b', 'c'].map((name) => connected(name)));
  const answers = await Promise.all(
    all.map(({ leases }, index) => leases.acquire('a', `r${index}`, LONG_MS)),
  );
  const holder = `r${answers.findIndex(({ held }) => held)}`;
  expect(answers.filter(({ held }) => held)).toHaveLength(1);
  expect(answers.flatMap((each) => (each.held ? [] : [each.owner]))).toEqual([holder, holder]);
});

test.each(['is started again', 'is killed'] as const)(
  'a lease outlives its server: while it is away its holder is told so at once, and when it %s the same epoch goes on',
  async (how) => {
    const [one, other] = [await connected('one'), await connected('other')];
    const epoch = await epochOf(one.leases, 'one');
    await expect(one.leases.renew('a', epoch, LONG_MS)).resolves.toBe(true);
    if (how === 'is killed') {
      await nats.kill('SIGKILL');
      await eventually(() => !one.bus.connected);
      const asked = performance.now();
      await expect(one.leases.renew('a', epoch, LONG_MS)).rejects.toMatchObject({ code: 'bus-unavailable' });
      expect(performance.now() - asked).toBeLessThan(1_000);
    }
    await nats.restart();
    await eventually(
      async () => (await one.leases.renew('a', epoch, LONG_MS).catch(() => undefined)) === true,
    );
    const refused = await eventually(() =>
      other.leases.acquire('a', 'other', LONG_MS).catch(() => undefined),
    );
    expect(refused).toMatchObject({ held: false, epoch, owner: 'one' });
    await expect(one.leases.release('a', epoch)).resolves.toBe(true);
    expect(await epochOf(other.leases, 'other')).toBeGreaterThan(epoch);
    await expect(one.leases.renew('a', epoch, LONG_MS)).resolves.toBe(false);
  },
);

class Owner implements OwnedShard {
  constructor(
    readonly shard: number,
    readonly epoch: number,
    private readonly serving: Map<number, string[]>,
    private readonly name: string,
  ) {}
  close(): Promise<void> {
    return Promise.resolve();
  }
  lose(): void {
    const others = this.serving.get(this.shard)?.filter((each) => each !== this.name) ?? [];
    this.serving.set(this.shard, others);
  }
}

test('replicas that have nothing but NATS share the shards out evenly, hand over in order, and take over from one that dies', async () => {
  const serving = new Map<number, string[]>();
  const epochs: [number, number][] = [];
  const SHARDS = 6;
  const join = async (replica: string): Promise<SharedShards<Owner>> => {
    const { bus, leases } = await connected(replica);
    const shared = new SharedShards<Owner>(
      { replica, shards: SHARDS, leaseMs: 500, subject: 'test.replicas' },
      {
        ...{ bus, leases, clock: systemClock, logger: createLogger({ service: 'test', level: 'silent' }) },
        keyOf: (shard) => `shard.${shard}`,
        open: (shard, { epoch }) => Promise.resolve(new Owner(shard, epoch, serving, replica)),
        serve: ({ shard, epoch }) => {
          serving.set(shard, [...(serving.get(shard) ?? []), replica]);
          epochs.push([shard, epoch]);
          return () => undefined;
        },
        listen: () => () => undefined,
      },
    );
    shared.start();
    ends.push(() => shared.drop());
    return shared;
  };
  const counts = (): number[] =>
    ['one', 'two'].map((name) => [...serving.values()].filter((names) => names.includes(name)).length);

  const one = await join('one');
  await eventually(() => one.served.length === SHARDS);
  const two = await join('two');
  await eventually(() => one.served.length === 3 && two.served.length === 3, { timeoutMs: 10_000 });
  expect(counts()).toEqual([3, 3]);
  one.drop();
  for (const [shard, names] of serving)
    serving.set(
      shard,
      names.filter((name) => name !== 'one'),
    );
  const died = performance.now();
  await eventually(() => two.served.length === SHARDS, { timeoutMs: 10_000 });
  // The lease, which was seen as it was renewed, and a look; without the watch it would be a lease more.
  expect(performance.now() - died).toBeLessThan(1_500);
  await two.stop();
  // Each shard's epochs grow.
  for (let shard = 0; shard < SHARDS; shard += 1) {
    const own = epochs.filter(([of]) => of === shard).map(([, epoch]) => epoch);
    expect(own).toEqual([...new Set(own)].sort((a, b) => a - b));
  }
});
