import type { ReplicaAlive } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import { Replicas } from './replicas';

const TIMES = { aliveMs: 1_000, deadMs: 3_500, cutOffMs: 10_000 };

let clock: ManualClock;
let said: ReplicaAlive[];
let connected: boolean;
let changes: number;
let replicas: Replicas;

beforeEach(() => {
  clock = new ManualClock();
  said = [];
  connected = true;
  changes = 0;
  const voice = { announce: (alive: ReplicaAlive) => void said.push(alive), connected: () => connected };
  replicas = new Replicas(
    'me',
    TIMES,
    clock,
    voice,
    () => [1, 2],
    () => void (changes += 1),
  );
  replicas.start();
});
afterEach(() => replicas.drop());

function alive(replica: string, given: Partial<ReplicaAlive> = {}): ReplicaAlive {
  return { v: 1, replica, startedAt: 0, leaving: false, shards: [], ...given };
}

test('it says that it lives at once, every second, and when it leaves', async () => {
  expect(said).toEqual([alive('me', { startedAt: clock.now(), shards: [1, 2] })]);
  await pass(clock, 3_000);
  expect(said).toHaveLength(4);
  replicas.leave();
  expect(said.at(-1)).toMatchObject({ leaving: true });
  expect(replicas.live()).toEqual([]);
});

test('who is new is told at once who is there', async () => {
  replicas.observe(alive('new'));
  await turns();
  expect(said).toHaveLength(2);
  replicas.observe(alive('new'));
  await turns();
  expect(said).toHaveLength(2);
});

test('who is silent for too long is dead, and lives again when it is heard', async () => {
  replicas.observe(alive('other', { shards: [5] }));
  expect(replicas.live()).toEqual(['me', 'other']);
  expect(replicas.holder(5)).toBe('other');
  await pass(clock, 3_000);
  expect(replicas.live()).toEqual(['me', 'other']);
  const before = changes;
  await pass(clock, 1_500);
  expect(replicas.live()).toEqual(['me']);
  expect(replicas.holder(5)).toBeUndefined();
  expect(changes).toBe(before + 1);
  replicas.observe(alive('other'));
  expect(replicas.live()).toEqual(['me', 'other']);
});

test('who leaves gets nothing any more, but has what it has until it says otherwise', () => {
  replicas.observe(alive('other', { shards: [5] }));
  replicas.observe(alive('other', { shards: [5], leaving: true }));
  expect([replicas.live(), replicas.holder(5)]).toEqual([['me'], 'other']);
  // A message from before that comes late.
  replicas.observe(alive('other', { shards: [5] }));
  expect(replicas.live()).toEqual(['me']);
  replicas.observe(alive('other', { leaving: true }));
  replicas.observe(alive('other', { shards: [5] }));
  expect([replicas.live(), replicas.holder(5), replicas.has('other')]).toEqual([['me'], undefined, false]);
});

test('nobody is dead for what this process could not hear', async () => {
  replicas.observe(alive('other'));
  connected = false;
  await pass(clock, 30_000);
  connected = true;
  await pass(clock, 3_000);
  expect(replicas.live()).toEqual(['me', 'other']);
  await pass(clock, 2_000);
  expect(replicas.live()).toEqual(['me']);
});

test('it is cut off when it has not reached the others for long, but not when it is alone', async () => {
  connected = false;
  await pass(clock, 20_000);
  expect(replicas.cutOff).toBe(false);
  replicas.observe(alive('other'));
  expect(replicas.cutOff).toBe(true);
  connected = true;
  expect(replicas.cutOff).toBe(false);
});

/** The clock of a process that can stand still. */
class PausingClock extends ManualClock {
  stoodStillMs = 0;

  override monotonic(): number {
    return super.monotonic() + this.stoodStillMs;
  }
}

test('nobody is dead because this process stood still', async () => {
  const pausing = new PausingClock();
  const voice = { announce: () => undefined, connected: () => true };
  const paused = new Replicas(
    'me',
    TIMES,
    pausing,
    voice,
    () => [],
    () => undefined,
  );
  paused.start();
  paused.observe(alive('other'));
  await pass(pausing, 1_000);
  pausing.stoodStillMs = 3_600_000;
  await pass(pausing, 3_000);
  expect(paused.live()).toEqual(['me', 'other']);
  await pass(pausing, 2_000);
  expect(paused.live()).toEqual(['me']);
  paused.drop();
});
