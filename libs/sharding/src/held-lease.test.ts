import { ManualClock } from '@multiswarm/core';
import { MemoryLeases, pass, turns } from '@multiswarm/testing';
import { HeldLease, LeaseKeeper } from './held-lease';

const TIMES = { leaseMs: 5_000, renewMs: 1_500 };
const clock = new ManualClock();
let leases: MemoryLeases;
let keeper: LeaseKeeper;
let lost: string[];
let faults: unknown[];

beforeEach(() => {
  leases = new MemoryLeases(clock);
  lost = [];
  faults = [];
  keeper = new LeaseKeeper(leases, 'me', TIMES, clock, (error) => faults.push(error));
  keeper.start();
});
afterEach(() => keeper.stop());

async function take(key: string): Promise<HeldLease> {
  const lease = await keeper.acquire(key, (each) => lost.push(each.key));
  if (!(lease instanceof HeldLease)) throw new Error(`${key} is held by ${lease.owner}`);
  return lease;
}

test('all leases are renewed in one turn, and hold as long as they are', async () => {
  const held = await Promise.all(['a', 'b', 'c'].map((key) => take(key)));
  leases.calls.length = 0;
  clock.advance(1_500);
  expect(leases.calls.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  await pass(clock, 20_000);
  expect(held.every((lease) => lease.holds())).toBe(true);
  expect(lost).toEqual([]);
});

test('somebody else who has one is told once; the others go on', async () => {
  const [, other] = await Promise.all([take('a'), take('b')]);
  leases.leases.set('a', { owner: 'you', epoch: 9, until: Infinity });
  await pass(clock, 10_000);
  expect(lost).toEqual(['a']);
  expect(other.holds()).toBe(true);
});

test('while Redis is away a lease runs out by the clock of this process, is lost by nobody, and goes on afterwards', async () => {
  const lease = await take('a');
  leases.away = true;
  await pass(clock, 4_900);
  expect(lease.holds()).toBe(true);
  await pass(clock, 200);
  expect(lease.holds()).toBe(false);
  leases.away = false;
  await pass(clock, 600);
  expect(lease.holds()).toBe(true);
  expect(lost).toEqual([]);
  expect(faults.length).toBeGreaterThan(0);
});

test('the end of a lease counts from before it was asked for, however late the answer came', async () => {
  const slow = keeper.acquire('a', () => undefined);
  clock.advance(3_000);
  const lease = (await slow) as HeldLease;
  keeper.stop();
  clock.advance(1_999);
  expect(lease.holds()).toBe(true);
  clock.advance(1);
  expect(lease.holds()).toBe(false);
});

test('what was given back or forgotten is not renewed', async () => {
  const [given, left] = await Promise.all([take('a'), take('b')]);
  await keeper.release(given);
  keeper.forget(left);
  leases.calls.length = 0;
  await pass(clock, 3_000);
  await turns();
  expect(leases.calls).toEqual([]);
  expect(leases.owner('a')).toBe('');
  expect(leases.owner('b')).toBe('me');
});

test('who is asked for a lease that is held says by whom, and for how long', async () => {
  await leases.acquire('a', 'you', 700);
  expect(await keeper.acquire('a', () => undefined)).toEqual({ remainingMs: 700, owner: 'you' });
});
