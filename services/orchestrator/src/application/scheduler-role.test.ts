import { keys, NamespaceSettings, type ReplicaAlive, type SchedulerActive } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { patience, LeaseKeeper, Replicas } from '@multiswarm/sharding';
import { createLogger } from '@multiswarm/telemetry';
import { MemoryLeases, pass } from '@multiswarm/testing';
import { StreamedLink } from './scheduler-link';
import { SchedulerRole, type SchedulerDesk } from './scheduler-role';

const LEASE_MS = 5_000;
const TIMES = patience(LEASE_MS);
const logger = createLogger({ service: 'test', level: 'silent' });

let clock: ManualClock;
let leases: MemoryLeases;
let members: Member[];

beforeEach(() => {
  clock = new ManualClock();
  leases = new MemoryLeases(clock);
  members = [];
});
afterEach(() => members.splice(0).forEach((member) => member.die()));

/** A replica that may schedule, and hears what the others say. */
class Member {
  connected = true;
  desk: SchedulerDesk | undefined;
  /** Epochs in which it is in office: one at most. */
  readonly offices: number[] = [];
  readonly replicas: Replicas;
  readonly role: SchedulerRole;
  private readonly keeper: LeaseKeeper;

  constructor(readonly name: string) {
    this.keeper = new LeaseKeeper(
      leases,
      name,
      { leaseMs: LEASE_MS, renewMs: 1_500 },
      clock,
      () => undefined,
    );
    const to = (tell: (member: Member) => void): void => {
      if (this.connected) for (const member of members) if (member.connected) tell(member);
    };
    const voice = {
      announce: (alive: ReplicaAlive) => to(({ replicas }) => replicas.observe(alive)),
      connected: () => this.connected,
    };
    this.replicas = new Replicas(
      name,
      TIMES,
      clock,
      voice,
      () => [],
      () => this.role.look(),
    );
    this.role = new SchedulerRole(
      2,
      { leaseMs: LEASE_MS, ...TIMES },
      {
        keeper: this.keeper,
        replicas: this.replicas,
        link: new StreamedLink({
          ...{ replica: name, shards: 2, clock, onFault: () => undefined },
          send: () => Promise.reject(new Error('nobody is told anything here')),
        }),
        face: {
          open: (desk) => {
            this.desk = desk;
            return () => void (this.desk = undefined);
          },
          announce: (active: SchedulerActive) => to(({ role }) => role.heard(active)),
        },
        placer: { place: () => Promise.resolve([]), report: () => undefined },
        grants: { grant: () => Promise.resolve({ v: 1, refused: [] }) },
        settings: () => NamespaceSettings.parse({}),
        inOffice: ({ epoch }) => {
          this.offices.push(epoch);
          return () => this.offices.pop();
        },
        ...{ clock, logger },
      },
    );
    members.push(this);
    this.keeper.start();
    this.replicas.start();
    this.role.start();
  }

  async leave(): Promise<void> {
    await this.role.stop();
    this.replicas.leave();
    this.replicas.stop();
    this.keeper.stop();
    members = members.filter((member) => member !== this);
  }

  die(): void {
    members = members.filter((member) => member !== this);
    this.connected = false;
    this.role.drop();
    this.replicas.drop();
    this.keeper.stop();
  }
}

/** Each of them, and no other one, was told that it is in office. */
function inOffice(): string[] {
  for (const { role, offices } of members) expect(offices).toHaveLength(role.active === undefined ? 0 : 1);
  return members.filter(({ role }) => role.active !== undefined).map(({ name }) => name);
}

test('one of several schedules, and while it does nobody else asks for its lease', async () => {
  for (const name of ['a', 'b', 'c']) new Member(name);
  await pass(clock, 6_000);
  expect(inOffice()).toEqual(['a']);
  expect(members.map(({ desk }) => desk !== undefined)).toEqual([true, false, false]);
  leases.calls.length = 0;
  await pass(clock, 30_000);
  expect(leases.calls.filter(({ kind }) => kind === 'acquire')).toEqual([]);
});

test('when it dies another one schedules as soon as the lease has run out', async () => {
  const [first] = ['a', 'b', 'c'].map((name) => new Member(name));
  await pass(clock, 20_000);
  first?.die();
  await pass(clock, 5_500);
  expect(inOffice()).toHaveLength(1);
  expect(inOffice()).not.toContain('a');
});

test('when it leaves another one schedules at once', async () => {
  const [first] = ['a', 'b', 'c'].map((name) => new Member(name));
  await pass(clock, 20_000);
  const left = first?.leave();
  await pass(clock, 50);
  await left;
  expect(inOffice()).toHaveLength(1);
});

test('a scheduler that nobody can reach gives its office to one that can be reached', async () => {
  const [first] = ['a', 'b'].map((name) => new Member(name));
  await pass(clock, 2_000);
  if (first) first.connected = false;
  await pass(clock, 20_000);
  expect(inOffice()).toEqual(['b']);
});

test('a scheduler that hears of its successor steps down before Redis tells it', async () => {
  const [first] = ['a', 'b'].map((name) => new Member(name));
  await pass(clock, 2_000);
  first?.role.heard({ v: 1, replica: 'b', epoch: 9 });
  expect([first?.role.active, first?.desk]).toEqual([undefined, undefined]);
});

test('a scheduler whose lease another process has taken steps down', async () => {
  const first = new Member('a');
  await pass(clock, 2_000);
  leases.leases.set(keys.schedulerLease(), { owner: 'x', epoch: 7, until: Infinity });
  await pass(clock, 2_000);
  expect(first.role.active).toBeUndefined();
});

test('while Redis is away the scheduler goes on, and nobody takes its place', async () => {
  for (const name of ['a', 'b']) new Member(name);
  await pass(clock, 2_000);
  leases.away = true;
  await pass(clock, 30_000);
  expect(inOffice()).toEqual(['a']);
  leases.away = false;
  await pass(clock, 600);
  expect(inOffice()).toEqual(['a']);
});
