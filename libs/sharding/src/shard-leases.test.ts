import type { ReplicaAlive } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { MemoryLeases, pass } from '@multiswarm/testing';
import { LeaseKeeper } from './held-lease';
import { Replicas } from './replicas';
import { ShardLeases, type OwnedShard } from './shard-leases';
import { patience } from './patience';

const SHARDS = 16;
const LEASE_MS = 5_000;
const TIMES = patience(LEASE_MS);

class FakeOwner implements OwnedShard {
  closed = false;
  lost = false;
  serving = false;
  listening = false;

  constructor(
    readonly shard: number,
    readonly epoch: number,
  ) {}

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  lose(): void {
    this.lost = true;
  }
}

/** Replicas that hear each other, over one store. */
class Deployment {
  readonly clock = new ManualClock();
  readonly leases = new MemoryLeases(this.clock);
  readonly members = new Map<string, Member>();
  /** Shards with two owners that serve at once: never. */
  readonly doubles: number[] = [];

  join(name: string): Member {
    const member = new Member(name, this);
    this.members.set(name, member);
    member.start();
    return member;
  }

  say(alive: ReplicaAlive): void {
    for (const { replicas, connected } of this.members.values()) if (connected) replicas.observe(alive);
  }

  owners(): (string | undefined)[] {
    return Array.from({ length: SHARDS }, (_, shard) => {
      const serving = [...this.members.values()].filter(({ shards }) => shards.owner(shard)?.serving);
      if (serving.length > 1) this.doubles.push(shard);
      return serving[0]?.name;
    });
  }

  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const owner of this.owners()) counts[owner ?? 'nobody'] = (counts[owner ?? 'nobody'] ?? 0) + 1;
    return counts;
  }
}

class Member {
  connected = true;
  fails = (_shard: number): boolean => false;
  readonly replicas: Replicas;
  readonly shards: ShardLeases<FakeOwner>;
  private readonly keeper: LeaseKeeper;

  constructor(
    readonly name: string,
    private readonly deployment: Deployment,
  ) {
    const { clock, leases } = deployment;
    this.keeper = new LeaseKeeper(
      leases,
      name,
      { leaseMs: LEASE_MS, renewMs: 1_500 },
      clock,
      () => undefined,
    );
    const voice = {
      announce: (alive: ReplicaAlive) => deployment.say(alive),
      connected: () => this.connected,
    };
    this.replicas = new Replicas(
      name,
      TIMES,
      clock,
      voice,
      () => this.shards.claimed,
      () => this.shards.look(),
    );
    this.shards = new ShardLeases(SHARDS, TIMES, this.replicas, {
      keeper: this.keeper,
      keyOf: (shard) => `shard:${shard}`,
      open: (shard, { epoch }) =>
        this.fails(shard)
          ? Promise.reject(new Error('unreadable'))
          : Promise.resolve(new FakeOwner(shard, epoch)),
      serve: (owner) => {
        owner.serving = true;
        return () => void (owner.serving = false);
      },
      listen: (owner) => {
        owner.listening = true;
        return () => void (owner.listening = false);
      },
      clock,
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
  }

  start(): void {
    this.keeper.start();
    this.replicas.start();
    this.shards.start();
  }

  async leave(): Promise<void> {
    this.replicas.leave();
    await this.shards.stop();
    this.replicas.stop();
    this.keeper.stop();
    this.deployment.members.delete(this.name);
  }

  /** Nothing of it is heard or done any more. */
  die(): void {
    this.deployment.members.delete(this.name);
    this.connected = false;
    this.shards.drop();
    this.replicas.drop();
    this.keeper.stop();
  }
}

let deployment: Deployment;
beforeEach(() => {
  deployment = new Deployment();
});
afterEach(() => {
  expect(deployment.doubles).toEqual([]);
  for (const member of [...deployment.members.values()]) member.die();
});

test('one replica alone has all shards', async () => {
  deployment.join('a');
  await pass(deployment.clock, 500);
  expect(deployment.counts()).toEqual({ a: 16 });
});

test('three that start together share the shards evenly, without moving any', async () => {
  for (const name of ['a', 'b', 'c']) deployment.join(name);
  await pass(deployment.clock, 1_000);
  expect(Object.values(deployment.counts()).sort()).toEqual([5, 5, 6]);
  await pass(deployment.clock, 15_000);
  expect([...deployment.leases.leases.values()].map(({ epoch }) => epoch)).toEqual(Array(SHARDS).fill(1));
});

test('a newcomer gets its even share once it has been there for a while, and little else moves', async () => {
  deployment.join('a');
  deployment.join('b');
  await pass(deployment.clock, 1_000);
  const before = deployment.owners();
  deployment.join('c');
  await pass(deployment.clock, 4_000);
  expect(deployment.owners()).toEqual(before);
  await pass(deployment.clock, 6_000);
  const after = deployment.owners();
  expect(Object.values(deployment.counts()).sort()).toEqual([5, 5, 6]);
  expect(after.filter((owner, shard) => owner !== before[shard]).length).toBeLessThanOrEqual(7);
  const moved = [...deployment.leases.leases.values()].filter(({ epoch }) => epoch > 1).length;
  expect(moved).toBe(after.filter((owner, shard) => owner !== before[shard]).length);
});

test('most shards are served at any time while shards move', async () => {
  deployment.join('a');
  await pass(deployment.clock, 1_000);
  deployment.join('b');
  let least = SHARDS;
  for (let step = 0; step < 200; step += 1) {
    await pass(deployment.clock, 50);
    least = Math.min(least, SHARDS - (deployment.counts()['nobody'] ?? 0));
  }
  expect(deployment.counts()).toEqual({ a: 8, b: 8 });
  expect(least).toBeGreaterThanOrEqual(SHARDS - 4);
});

test('one that leaves hands everything over at once', async () => {
  for (const name of ['a', 'b', 'c']) deployment.join(name);
  await pass(deployment.clock, 1_000);
  const leaver = deployment.members.get('b') as Member;
  const owners = leaver.shards.owners();
  const left = leaver.leave();
  await pass(deployment.clock, 100);
  await left;
  expect(owners.every(({ closed, serving }) => closed && !serving)).toBe(true);
  expect(deployment.counts()['nobody']).toBeUndefined();
  expect(deployment.counts()['b']).toBeUndefined();
});

test('a lease that is released late, or while others ask for it, is taken right after that', async () => {
  for (const name of ['a', 'b', 'c']) deployment.join(name);
  await pass(deployment.clock, 10_000);
  deployment.leases.releaseMs = (key) => 25 * (1 + (Number(/\d+/.exec(key)?.[0]) % 4));
  const left = (deployment.members.get('b') as Member).leave();
  await pass(deployment.clock, 160, 5);
  await left;
  expect(deployment.counts()['nobody']).toBeUndefined();
});

test('an answer that was given before a release, and comes after the news of it, does not count for long', async () => {
  for (const name of ['a', 'b', 'c']) deployment.join(name);
  await pass(deployment.clock, 10_000);
  deployment.leases.answerMs = 30;
  const left = (deployment.members.get('b') as Member).leave();
  await pass(deployment.clock, 160, 5);
  await left;
  expect(deployment.counts()['nobody']).toBeUndefined();
});

test('the shards of one that died are taken when their leases run out, in under eight seconds', async () => {
  for (const name of ['a', 'b', 'c']) deployment.join(name);
  await pass(deployment.clock, 10_000);
  (deployment.members.get('b') as Member).die();
  await pass(deployment.clock, 6_000);
  expect(deployment.counts()['nobody']).toBeUndefined();
  await pass(deployment.clock, 6_000);
  expect(Object.values(deployment.counts())).toEqual([8, 8]);
});

test('while nothing changes no lease is asked for, and each is renewed once per period', async () => {
  for (const name of ['a', 'b', 'c']) deployment.join(name);
  await pass(deployment.clock, 5_000);
  deployment.leases.calls.length = 0;
  await pass(deployment.clock, 15_000);
  const { calls } = deployment.leases;
  expect(calls.filter(({ kind }) => kind !== 'renew')).toEqual([]);
  expect(calls.length).toBeLessThanOrEqual(SHARDS * 11);
});

test('leases that others still hold are asked for when they can have run out, not before', async () => {
  const { leases, clock } = deployment;
  for (let shard = 0; shard < SHARDS; shard += 1) await leases.acquire(`shard:${shard}`, 'a dead one', 5_000);
  leases.calls.length = 0;
  deployment.join('a');
  await pass(clock, 4_900);
  expect(leases.calls.filter(({ kind }) => kind === 'acquire')).toHaveLength(SHARDS);
  await pass(clock, 400);
  expect(deployment.counts()).toEqual({ a: 16 });
});

test('Redis away for longer than a lease moves nothing; owners are silent meanwhile, and go on when it is back', async () => {
  for (const name of ['a', 'b']) deployment.join(name);
  await pass(deployment.clock, 1_000);
  const before = deployment.owners();
  const owners = [...deployment.members.values()].flatMap(({ shards }) => shards.owners());
  deployment.leases.away = true;
  await pass(deployment.clock, 4_000);
  expect(owners.every(({ listening }) => listening)).toBe(true);
  await pass(deployment.clock, 2_500);
  expect(owners.some(({ listening }) => listening)).toBe(false);
  deployment.leases.away = false;
  await pass(deployment.clock, 10_000);
  expect(deployment.owners()).toEqual(before);
  expect(owners.every(({ listening, lost }) => listening && !lost)).toBe(true);
  expect([...deployment.leases.leases.values()].map(({ epoch }) => epoch)).toEqual(Array(SHARDS).fill(1));
});

test('a shard that its target cannot open goes to the next in line, and is offered to the target ever more rarely', async () => {
  const broken = deployment.join('a');
  deployment.join('b');
  broken.fails = () => true;
  await pass(deployment.clock, 20_000);
  expect(deployment.counts()).toEqual({ b: 16 });
  let away = 0;
  for (let second = 0; second < 300; second += 1) {
    await pass(deployment.clock, 1_000, 250);
    away += deployment.counts()['nobody'] ?? 0;
  }
  // Offered after 5, 10, 20, 40, 80 and 160 s, and missing for about a lease and a half each time.
  expect(away).toBeLessThan(8 * 6 * 6);
  broken.fails = () => false;
});

test('one that is cut off from the others gives its shards up, and gets its share again when it is back', async () => {
  for (const name of ['a', 'b']) deployment.join(name);
  await pass(deployment.clock, 1_000);
  const cut = deployment.members.get('a') as Member;
  cut.connected = false;
  await pass(deployment.clock, 20_000);
  expect(deployment.counts()).toEqual({ b: 16 });
  cut.connected = true;
  await pass(deployment.clock, 15_000);
  expect(deployment.counts()).toEqual({ a: 8, b: 8 });
});

test('one that stood still for longer than its leases has lost them when it goes on, without harm', async () => {
  for (const name of ['a', 'b']) deployment.join(name);
  await pass(deployment.clock, 1_000);
  const paused = deployment.members.get('a') as Member;
  const stale = paused.shards.owners();
  const others = { owner: 'c', until: Infinity };
  for (const { shard, epoch } of stale)
    deployment.leases.leases.set(`shard:${shard}`, { ...others, epoch: epoch + 1 });
  await pass(deployment.clock, 1_600);
  expect(stale).toHaveLength(8);
  expect(stale.every(({ lost, serving }) => lost && !serving)).toBe(true);
});
