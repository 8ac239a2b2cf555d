import { keys, type Heartbeat } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { MemoryLeases, pass, turns } from '@multiswarm/testing';
import { dispatchOf, heartbeat } from '../../test/support/builders';
import { FakeOwners, FakePlacer, FakeSwarms, MemoryCordonStore, request } from '../../test/support/region';
import { RegionalRole, type RegionalOptions } from './regional-role';

const LEASE_MS = 5_000;
const T1 = 't0-00000001';

/** Replicas with the regional role, over one Redis and one time. */
class Bench {
  readonly clock = new ManualClock();
  readonly leases = new MemoryLeases(this.clock);
  readonly swarms = new FakeSwarms();
  readonly owners = new FakeOwners();
  readonly open: string[] = [];
  readonly summaries: string[] = [];
  census = 0;
  /** Those that are without NATS. */
  readonly cut = new Set<string>();

  replica(owner: string, given: Partial<RegionalOptions> = {}): RegionalRole {
    const { clock, leases, swarms, owners } = this;
    const times = { leaseMs: LEASE_MS, renewMs: 1_500, summaryMs: 2_000, attemptLeaseMs: 10_000 };
    const limits = { maxRegions: 10, maxSwarmsPerRegion: 10, shards: 4 };
    return new RegionalRole(
      { owner, regions: ['*'], ...times, ...limits, ...given },
      {
        ...{ clock, leases, swarms, owners, placer: new FakePlacer(), cordons: new MemoryCordonStore() },
        logger: createLogger({ service: 'orchestrator', level: 'silent' }),
        face: {
          open: (region) => {
            this.open.push(`${owner} ${region}`);
            return () => void this.open.splice(this.open.indexOf(`${owner} ${region}`), 1);
          },
          summarize: (coordinator) => {
            const { region, epoch, held } = coordinator.summary();
            this.summaries.push(`${owner} ${region} ${epoch}: ${held.length} held`);
          },
          census: () => void (this.census += 1),
          connected: () => !this.cut.has(owner),
        },
      },
    );
  }
}

/** A swarm that heartbeats every second, to all of them. */
async function beating(
  bench: Bench,
  roles: readonly RegionalRole[],
  ms: number,
  given: Partial<Heartbeat> = {},
) {
  for (let passed = 0; passed < ms; passed += 1_000) {
    const sentAt = bench.clock.now();
    for (const role of roles) role.observe(heartbeat({ seq: bench.clock.monotonic(), sentAt, ...given }));
    await pass(bench.clock, 1_000, 250);
  }
}

test('whoever hears a region first coordinates it, says so, and asks for everybody in it', async () => {
  const bench = new Bench();
  const one = bench.replica('one');
  const two = bench.replica('two');
  for (const role of [one, two]) role.observe(heartbeat());
  await turns();
  expect([one.regions, two.regions, bench.open]).toEqual([['eu-west'], [], ['one eu-west']]);
  expect(bench.summaries).toEqual(['one eu-west 1: 0 held']);
  expect(bench.census).toBe(1);
  expect([one.coordinatorOf('eu-west'), two.coordinatorOf('eu-west')]).toEqual([
    expect.anything(),
    undefined,
  ]);
});

test('it keeps the region as long as it renews its lease', async () => {
  const bench = new Bench();
  const roles = [bench.replica('one'), bench.replica('two')];
  await beating(bench, roles, 30_000);
  expect(bench.open).toEqual(['one eu-west']);
  expect(bench.leases.leases.get(keys.regionLease('eu-west'))?.epoch).toBe(1);
});

test('one that stops gives its region to who stands by, within half a second and without a further heartbeat', async () => {
  const bench = new Bench();
  const one = bench.replica('one');
  const two = bench.replica('two');
  await beating(bench, [one, two], 2_000);
  await one.stop();
  expect(bench.open).toEqual([]);
  await pass(bench.clock, 1_000, 100);
  expect(bench.open).toEqual(['two eu-west']);
  expect(bench.summaries.at(-1)).toMatch(/^two eu-west 2:/);
});

test('one that cannot renew gives up when its lease is over; its successor has a higher epoch', async () => {
  const bench = new Bench();
  const one = bench.replica('one');
  await beating(bench, [one], 2_000);
  bench.leases.away = true;
  await beating(bench, [one], 4_000);
  expect(one.regions).toEqual(['eu-west']);
  await beating(bench, [one], 3_000);
  expect(one.regions).toEqual([]);
  bench.leases.away = false;
  const two = bench.replica('two');
  await beating(bench, [two], 2_000);
  expect(two.coordinatorOf('eu-west')?.summary().epoch).toBe(2);
});

test('one that cannot reach anybody, but Redis, gives its region to who can, and stands by when it is back', async () => {
  const bench = new Bench();
  const one = bench.replica('one');
  const two = bench.replica('two');
  await beating(bench, [one, two], 2_000);
  bench.cut.add('one');
  await beating(bench, [two], 2 * LEASE_MS);
  expect(bench.open).toEqual(['one eu-west']);
  await beating(bench, [two], 2_000);
  expect(bench.open).toEqual(['two eu-west']);
  expect(two.coordinatorOf('eu-west')?.summary().epoch).toBe(2);
  bench.cut.clear();
  await beating(bench, [one, two], 30_000);
  expect(bench.open).toEqual(['two eu-west']);
});

test('one that is alone takes its region again when it is back', async () => {
  const bench = new Bench();
  const one = bench.replica('one');
  await beating(bench, [one], 2_000);
  bench.cut.add('one');
  await pass(bench.clock, 3 * LEASE_MS, 250);
  expect(bench.open).toEqual([]);
  bench.cut.clear();
  await beating(bench, [one], 1_000);
  expect(bench.open).toEqual(['one eu-west']);
});

test('a region from which nothing is heard any more is nobody’s', async () => {
  const bench = new Bench();
  const one = bench.replica('one');
  const two = bench.replica('two');
  await beating(bench, [one, two], 2_000);
  await pass(bench.clock, 10_000, 250);
  await one.stop();
  bench.leases.calls.length = 0;
  await pass(bench.clock, 10_000, 250);
  expect(bench.leases.calls).toEqual([]);
  expect(two.regions).toEqual([]);
});

test.each([
  ['without NATS', (bench: Bench) => void bench.cut.add('one')],
  ['without its lease', (bench: Bench) => bench.leases.leases.clear()],
])('%s no silence counts', async (_name, blind) => {
  const bench = new Bench();
  const one = bench.replica('one', { leaseMs: 60_000 });
  await beating(bench, [one], 12_000, { held: [{ taskId: T1, attempt: 1 }] });
  blind(bench);
  await pass(bench.clock, 20_000, 250);
  expect(bench.owners.tried).toBe(0);
});

test('with both, silence is a loss, after the first attempt lease', async () => {
  const bench = new Bench();
  const one = bench.replica('one');
  await beating(bench, [one], 2_000, { held: [{ taskId: T1, attempt: 1 }] });
  await pass(bench.clock, 7_000, 250);
  expect(bench.owners.lost).toEqual([]);
  await pass(bench.clock, 2_000, 250);
  expect(bench.owners.lost).toEqual([`0 ${T1}#1 lost`]);
});

test('a pause of the process is no silence of the swarms', async () => {
  const bench = new Bench();
  const one = bench.replica('one', { leaseMs: 600_000 });
  await beating(bench, [one], 12_000, { held: [{ taskId: T1, attempt: 1 }] });
  await pass(bench.clock, 60_000, 60_000);
  await pass(bench.clock, 2_000, 250);
  expect(bench.owners.tried).toBe(0);
});

test('a coordinator whose lease ran out sends nothing, also before anybody has noticed', async () => {
  const bench = new Bench();
  const one = bench.replica('one');
  await beating(bench, [one], 12_000);
  const coordinator = one.coordinatorOf('eu-west');
  const sent = () => coordinator?.dispatch(request(dispatchOf(T1)));
  expect(await sent()).toMatchObject([{ outcome: 'accepted' }]);
  bench.clock.advance(LEASE_MS);
  await expect(sent()).rejects.toMatchObject({ code: 'stale-epoch' });
});

test('only the regions that it is there for', async () => {
  const bench = new Bench();
  const one = bench.replica('one', { regions: ['us-*'] });
  one.observe(heartbeat());
  one.observe(heartbeat({ swarmId: 'b', region: 'us-east' }));
  await turns();
  expect(one.regions).toEqual(['us-east']);
});

test('MAX_REGIONS: the first regions are those of the deployment, others are told', async () => {
  const bench = new Bench();
  const one = bench.replica('one', { maxRegions: 1 });
  one.observe(heartbeat());
  one.observe(heartbeat({ swarmId: 'b', region: 'us-east' }));
  await turns();
  expect(one.regions).toEqual(['eu-west']);
  expect(bench.swarms.dismissed).toEqual([expect.stringContaining('(MAX_REGIONS): use one of eu-west')]);
});

test('a region in which nobody has been for long makes room for another one', async () => {
  const bench = new Bench();
  const one = bench.replica('one', { maxRegions: 1 });
  const elsewhere = (seq: number): void =>
    one.observe(heartbeat({ swarmId: 'b', region: 'us-east', seq, sentAt: bench.clock.now() }));
  one.observe(heartbeat());
  await turns();
  // Ten minutes until a silent swarm is forgotten, and as long without anybody.
  await pass(bench.clock, 19 * 60_000);
  elsewhere(1);
  await turns();
  expect(one.regions).toEqual(['eu-west']);
  await pass(bench.clock, 2 * 60_000);
  expect([one.regions, bench.open]).toEqual([[], []]);
  elsewhere(2);
  await turns();
  expect(one.regions).toEqual(['us-east']);
});

test('a second swarm under one id, in another region, is told so', async () => {
  const bench = new Bench();
  const one = bench.replica('one');
  one.observe(heartbeat());
  one.observe(heartbeat({ region: 'us-east', instance: 'i2' }));
  await turns();
  expect(one.regions).toEqual(['eu-west']);
  expect(bench.swarms.dismissed).toEqual([
    'a i2: a swarm in region eu-west runs under the id a: give each its own',
  ]);
});

test('a lease that is granted to one that has stopped meanwhile is given back', async () => {
  const bench = new Bench();
  const one = bench.replica('one');
  one.observe(heartbeat());
  await one.stop();
  await turns();
  expect(bench.leases.owner(keys.regionLease('eu-west'))).toBe('');
  expect(bench.open).toEqual([]);
});
