import { EndpointRegistration, type EndpointChanged, type ExternalEndpoint } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { heartbeat } from '../../test/support/builders';
import { Fleet } from '../domain/fleet';
import type { Moment } from '../domain/moment';
import type { EndpointStore } from '../ports';
import { ExternalEndpoints } from './external-endpoints';

const AN_HOUR_MS = 3_600_000;

/** A store as it would be in Redis, on the same clock. */
class StoreInMemory implements EndpointStore {
  readonly stored = new Map<string, ExternalEndpoint>();
  revision = 0;
  failing = false;

  constructor(private readonly clock: ManualClock) {}

  all: EndpointStore['all'] = async () => {
    if (this.failing) throw new Error('no Redis');
    return { endpoints: [...this.stored.values()], revision: this.revision, nowMs: this.clock.now() };
  };

  put: EndpointStore['put'] = async (endpoint, instance) => {
    const now = this.clock.now();
    const known = this.stored.get(endpoint.swarmId);
    this.revision += 1;
    const since = { instance: known?.instance ?? instance, registeredAt: known?.registeredAt ?? now };
    const stored = { ...endpoint, ...since, revision: this.revision, renewedAt: now };
    this.stored.set(endpoint.swarmId, stored);
    return stored;
  };

  remove: EndpointStore['remove'] = async (swarmId) => {
    this.revision += 1;
    return this.stored.delete(swarmId) ? this.revision : 'absent';
  };
}

interface Replica {
  endpoints: ExternalEndpoints;
  fleet: Fleet;
  state(swarmId: string): string | undefined;
}

/** Replicas of one store, which hear of each other's changes only where a test passes them on. */
function setUp(): {
  clock: ManualClock;
  store: StoreInMemory;
  said: EndpointChanged[];
  replica: () => Replica;
} {
  const clock = new ManualClock();
  const store = new StoreInMemory(clock);
  const said: EndpointChanged[] = [];
  let made = 0;
  const now = (): Moment => ({ wallMs: clock.now(), monotonicMs: clock.monotonic() });
  const replica = (): Replica => {
    const fleet = new Fleet({ replica: `r${(made += 1)}`, holdMs: 10_000 });
    const endpoints = new ExternalEndpoints({
      ...{ clock, store, defaultSlots: 7, ids: { next: () => `i${(made += 1)}` } },
      beat: (member) => fleet.heartbeat(member, now()),
      announce: (change) => void said.push(change),
      isSwarm: (id) => fleet.get(id) !== undefined && fleet.get(id)?.profile.kind !== 'external',
      onFault: () => undefined,
    });
    return { endpoints, fleet, state: (swarmId) => fleet.get(swarmId)?.stateAt(now()) };
  };
  return { clock, store, said, replica };
}

const registration = (given: Partial<EndpointRegistration> = {}): EndpointRegistration =>
  EndpointRegistration.parse({ swarmId: 'gpu', region: 'us-east', address: 'gpu.endpoint', ...given });

async function passes(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    clock.advance(Math.min(left, 1_000));
    await Promise.resolve();
    await Promise.resolve();
  }
}

test('what is registered is a member of the fleet at once, with a default for what it does not say', async () => {
  const { replica } = setUp();
  const one = replica();
  await one.endpoints.start();
  await one.endpoints.register({ endpoint: registration() });
  expect(one.state('gpu')).toBe('ready');
  expect(one.fleet.get('gpu')).toMatchObject({
    slots: 7,
    freeSlots: 7,
    profile: { kind: 'external', types: ['*'] },
  });
});

test('without a TTL it stays up; with one it is down soon after that, and up again when it is renewed', async () => {
  const { clock, replica } = setUp();
  const one = replica();
  await one.endpoints.start();
  await one.endpoints.register({ endpoint: registration({ swarmId: 'stays' }) });
  await one.endpoints.register({ endpoint: registration({ ttlMs: 20_000 }) });
  await passes(clock, 19_000);
  expect(one.state('gpu')).toBe('ready');
  await one.endpoints.register({ endpoint: registration({ ttlMs: 20_000 }) });
  await passes(clock, 19_000);
  expect(one.state('gpu')).toBe('ready');
  await passes(clock, 6_000);
  expect(one.state('gpu')).toBe('down');
  expect(one.state('stays')).toBe('ready');
  await one.endpoints.register({ endpoint: registration({ ttlMs: 20_000 }) });
  expect(one.state('gpu')).toBe('ready');
});

test('a renewal keeps what is reserved; another registration behind a removal does not', async () => {
  const { clock, replica } = setUp();
  const one = replica();
  await one.endpoints.start();
  await one.endpoints.register({ endpoint: registration() });
  const reserve = (key: string): void => {
    const seen = one.fleet.get('gpu');
    const moment = { wallMs: clock.now(), monotonicMs: clock.monotonic() };
    if (seen) one.fleet.reserve(seen, key, seen.reservedResources, moment);
  };
  reserve('a#1');
  await one.endpoints.register({ endpoint: registration({ costPerHour: 3 }) });
  expect(one.fleet.get('gpu')).toMatchObject({ busy: 1, profile: { costPerHour: 3 } });
  await one.endpoints.remove({ swarmId: 'gpu' });
  expect(one.fleet.get('gpu')).toBeUndefined();
  await one.endpoints.register({ endpoint: registration() });
  expect(one.fleet.get('gpu')).toMatchObject({ busy: 0 });
});

test('a replica that starts knows what is registered, and what has expired as that', async () => {
  const { clock, replica } = setUp();
  const one = replica();
  await one.endpoints.start();
  await one.endpoints.register({ endpoint: registration() });
  await one.endpoints.register({ endpoint: registration({ swarmId: 'brief', ttlMs: 5_000 }) });
  await passes(clock, 8_000);
  const two = replica();
  await two.endpoints.start();
  expect(two.state('gpu')).toBe('ready');
  expect(two.state('brief')).toBeUndefined();
  expect(two.endpoints.get('brief')).toBeDefined();
});

test('E1, E2: news count by their revision, in whatever order they come', async () => {
  const { said, replica } = setUp();
  const [one, two] = [replica(), replica()];
  await one.endpoints.start();
  await two.endpoints.start();
  await one.endpoints.register({ endpoint: registration({ costPerHour: 1 }) });
  await one.endpoints.register({ endpoint: registration({ costPerHour: 2 }) });
  await one.endpoints.remove({ swarmId: 'gpu' });
  const [first, second, removal] = said as [EndpointChanged, EndpointChanged, EndpointChanged];
  two.endpoints.observe(second);
  two.endpoints.observe(first);
  expect(two.endpoints.get('gpu')?.costPerHour).toBe(2);
  two.endpoints.observe(removal);
  two.endpoints.observe(second);
  expect(two.endpoints.get('gpu')).toBeUndefined();
  expect(two.fleet.get('gpu')).toBeUndefined();
});

test('a replica that missed the news finds out by itself', async () => {
  const { clock, store, replica } = setUp();
  const [one, two] = [replica(), replica()];
  await one.endpoints.start();
  await two.endpoints.start();
  await one.endpoints.register({ endpoint: registration() });
  await passes(clock, 31_000);
  expect(two.state('gpu')).toBe('ready');
  await one.endpoints.remove({ swarmId: 'gpu' });
  store.failing = true;
  await passes(clock, 31_000);
  expect(two.state('gpu')).toBe('ready');
  store.failing = false;
  await passes(clock, 31_000);
  expect(two.state('gpu')).toBeUndefined();
});

test('what has expired long ago is removed from the store', async () => {
  const { clock, store, replica } = setUp();
  const one = replica();
  await one.endpoints.start();
  await one.endpoints.register({ endpoint: registration({ ttlMs: 5_000 }) });
  await passes(clock, AN_HOUR_MS / 4);
  expect(store.stored.size).toBe(0);
  expect(one.endpoints.get('gpu')).toBeUndefined();
});

test('E4: the id of a swarm is not given to an endpoint, and a swarm that takes the id of an endpoint wins', async () => {
  const { replica, clock } = setUp();
  const one = replica();
  await one.endpoints.start();
  const swarm = heartbeat({ swarmId: 'gpu', region: 'eu-west', instance: 's', intervalMs: 60_000 });
  const now = (): Moment => ({ wallMs: clock.now(), monotonicMs: clock.monotonic() });
  one.fleet.heartbeat(swarm, now());
  await expect(one.endpoints.register({ endpoint: registration() })).rejects.toMatchObject({
    code: 'endpoint-conflict',
  });
  const other = replica();
  await other.endpoints.start();
  await other.endpoints.register({ endpoint: registration() });
  other.fleet.heartbeat(swarm, now());
  await passes(clock, 3_000);
  expect(other.fleet.get('gpu')).toMatchObject({ region: 'eu-west', instance: 's' });
});

test('a registration that is too large is refused by its size', async () => {
  const { replica } = setUp();
  const one = replica();
  const models = Array.from({ length: 64 }, (_, at) => `${at}`.padEnd(1_000, 'x'));
  const attributes = { models, others: models };
  await expect(one.endpoints.register({ endpoint: registration({ attributes }) })).rejects.toMatchObject({
    code: 'body-too-large',
    message: expect.stringContaining('ENDPOINT_BYTES') as string,
  });
});
