import {
  MultiswarmError,
  type AttemptRef,
  type GrantReply,
  type GrantRequest,
  type QueuedTask,
  type SchedulerChanges,
  type SchedulerChangesReply,
  type TaskClass,
} from '@multiswarm/contracts';
import { delay, ManualClock, randomInteger, seededRandom, type Random } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import fc from 'fast-check';
import { placement } from '../../test/support/builders';
import type { GrantPort, QueuedChange, SnapshotPage } from '../ports';
import { GrantGate } from './grant-gate';
import { attemptKey, type ToldChange } from './scheduler-changes';
import { SchedulerInbox } from './scheduler-inbox';
import { StreamedLink, type LocalScheduler } from './scheduler-link';

function taskClass(key: string): TaskClass {
  return { key, namespace: 'default', type: 'build', requirements: { capabilities: [] } };
}

function queued(taskId: string, attempt = 1, classKey = 'c'): QueuedChange {
  const task: QueuedTask = { taskId, attempt, classKey, priority: 'normal', order: 1, queuedAt: 1 };
  return { task, taskClass: taskClass(classKey) };
}

/** What a scheduler makes of changes, and nothing else: its view must be the owners' in the end. */
class FakeScheduler {
  readonly queued = new Map<string, number>();
  readonly held = new Set<string>();
  /** Granted, and not answered yet: they count, like those that are held. */
  readonly granted = new Map<string, object>();
  readonly classes = new Set<string>();
  readonly messages: SchedulerChanges[] = [];
  private readonly known = new Map<number, number>();
  readonly inbox: SchedulerInbox;

  constructor(readonly epoch: number) {
    this.inbox = new SchedulerInbox(epoch, this);
  }

  apply(changes: SchedulerChanges): SchedulerChangesReply['status'] {
    this.messages.push(changes);
    const { shard, epoch, snapshot } = changes;
    if (snapshot?.first) this.forget(shard);
    else if (this.known.get(shard) !== epoch) return 'unknown-shard';
    this.known.set(shard, epoch);
    for (const { key } of changes.classes) this.classes.add(key);
    for (const each of changes.held) this.held.add(attemptKey(each));
    for (const each of changes.released) {
      this.held.delete(attemptKey(each));
      this.granted.delete(attemptKey(each));
    }
    for (const id of changes.gone) this.queued.delete(id);
    for (const { taskId, attempt, classKey } of changes.queued) {
      if (!this.classes.has(classKey)) throw new Error(`class ${classKey} was never told`);
      this.queued.set(taskId, attempt);
    }
    return 'ok';
  }

  /** Takes a task out of the queue, counts it, and offers it to its owner until that answers. */
  async grant(ref: AttemptRef, port: GrantPort, repeat: () => Promise<boolean>): Promise<void> {
    const key = attemptKey(ref);
    const entry = {};
    this.queued.delete(ref.taskId);
    this.granted.set(key, entry);
    const request = {
      v: 1 as const,
      schedulerEpoch: this.epoch,
      grants: [{ ...ref, placement: placement() }],
    };
    // Once a shard begins anew nothing of before is sent, or sent again.
    while (this.granted.get(key) === entry) {
      const reply = await port.grant(Number(ref.taskId[1]), request).catch(() => undefined);
      if (this.granted.get(key) !== entry) return;
      if (reply) this.granted.delete(key);
      if (reply?.refused.length === 0) this.held.add(key);
      if (!(await repeat())) return;
    }
  }

  private forget(shard: number): void {
    const ours = (id: string): boolean => id.startsWith(`t${shard}-`);
    for (const id of this.queued.keys()) if (ours(id)) this.queued.delete(id);
    for (const key of this.held) if (ours(key)) this.held.delete(key);
    for (const key of this.granted.keys()) if (ours(key)) this.granted.delete(key);
  }
}

/** An owner that does what owners do, at random, and tells the link. */
class FakeOwner {
  readonly queued = new Map<string, number>();
  readonly held = new Set<string>();
  closed = false;
  private schedulerEpoch = 0;
  private readonly taken = new Set<string>();
  private count = 0;

  constructor(
    readonly shard: number,
    readonly epoch: number,
    private readonly random: Random,
    private readonly tell: (shard: number, change: ToldChange) => void,
  ) {}

  act(): void {
    const choice = randomInteger(this.random, 4);
    if (choice === 0) this.submit();
    else if (choice === 1) this.cancel();
    else if (choice === 2) this.finish(false);
    else this.finish(true);
  }

  grantKept(): Promise<AttemptRef[]> {
    return Promise.resolve([]);
  }

  grantFetched(): Promise<{ dispatch: undefined; refused: AttemptRef[] }> {
    return Promise.resolve({ dispatch: undefined, refused: [] });
  }

  /** As `ShardOwner.grant`: the record may have to be read first. */
  async grant({ schedulerEpoch, grants }: GrantRequest): Promise<AttemptRef[]> {
    if (schedulerEpoch < this.schedulerEpoch) throw new MultiswarmError('stale-epoch', 'deposed');
    this.schedulerEpoch = schedulerEpoch;
    await turns(randomInteger(this.random, 12));
    if (this.closed) throw new MultiswarmError('shard-unavailable', 'changing hands');
    return grants.filter(({ taskId, attempt }) => {
      const key = attemptKey({ taskId, attempt });
      if (this.taken.has(key)) return false;
      if (this.queued.get(taskId) !== attempt) return true;
      this.queued.delete(taskId);
      this.held.add(key);
      this.taken.add(key);
      return false;
    });
  }

  async *snapshot(schedulerEpoch: number): AsyncGenerator<SnapshotPage> {
    this.schedulerEpoch = Math.max(this.schedulerEpoch, schedulerEpoch);
    const size = 1 + randomInteger(this.random, 3);
    const held = [...this.held].map(toRef).map((ref) => ({ ...ref, namespace: 'default' }));
    for (let at = 0; at < held.length; at += size) yield { held: held.slice(at, at + size) };
    // As a page that is read from Redis: what it says may be old when it arrives.
    const ids = [...this.queued];
    for (let at = 0; at < ids.length; at += size) {
      const page = ids.slice(at, at + size);
      await turns(randomInteger(this.random, 3));
      yield { queued: page.map(([id, attempt]) => queued(id, attempt, `c${attempt}`)) };
    }
  }

  /** The same shard under its next owner. */
  successor(): FakeOwner {
    this.closed = true;
    const next = new FakeOwner(this.shard, this.epoch + 1, this.random, this.tell);
    for (const [id, attempt] of this.queued) next.queued.set(id, attempt);
    for (const key of this.held) next.held.add(key);
    for (const key of this.taken) next.taken.add(key);
    next.count = this.count;
    return next;
  }

  private submit(): void {
    const id = `t${this.shard}-${(this.count += 1)}`;
    this.enqueue(id, 1);
  }

  private enqueue(id: string, attempt: number, released: AttemptRef[] = []): void {
    this.queued.set(id, attempt);
    this.tell(this.shard, { queued: [queued(id, attempt, `c${attempt}`)], released });
  }

  private cancel(): void {
    const [id] = pick(this.random, [...this.queued]) ?? [];
    if (id === undefined) return;
    this.queued.delete(id);
    this.tell(this.shard, { gone: [id] });
  }

  /** An attempt ends, or is refused or lost and waits for another one. */
  private finish(again: boolean): void {
    const key = pick(this.random, [...this.held]);
    if (key === undefined) return;
    this.held.delete(key);
    const ref = toRef(key);
    const next = ref.attempt + 1;
    if (again) this.enqueue(ref.taskId, next, [ref]);
    else this.tell(this.shard, { released: [ref] });
  }
}

function toRef(key: string): AttemptRef {
  const [taskId = '', attempt] = key.split('#');
  return { taskId, attempt: Number(attempt) };
}

function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items[randomInteger(random, items.length)];
}

/** Schedulers that come and go, and a bus that loses, repeats and delays. */
class World {
  readonly clock = new ManualClock();
  readonly random: Random;
  scheduler: FakeScheduler;
  calm = false;
  readonly link: StreamedLink;
  readonly owners: FakeOwner[];
  private readonly gates = new Map<number, GrantGate>();
  private readonly close = new Map<number, () => void>();
  private readonly late: SchedulerChanges[] = [];

  constructor(
    seed: number,
    shards = 3,
    private local = false,
  ) {
    this.random = seededRandom(seed);
    this.scheduler = new FakeScheduler(1);
    this.link = new StreamedLink({
      replica: 'a',
      shards,
      clock: this.clock,
      send: (changes) => this.send(changes),
      onFault: () => undefined,
    });
    const tell = (shard: number, change: ToldChange): void => this.link.tell(shard, change);
    this.owners = Array.from({ length: shards }, (_, shard) => new FakeOwner(shard, 1, this.random, tell));
    for (const owner of this.owners) this.open(owner);
    this.takeOffice(1);
  }

  takeOffice(epoch: number): void {
    this.scheduler = new FakeScheduler(epoch);
    this.local = this.local && chance(this.random, 0.5);
    if (!this.local) return this.link.heard(epoch);
    const scheduler = {
      capacityChanged: () => undefined,
      fetch: () => [],
      refused: () => undefined,
      queued: 0,
    };
    this.link.took({ inbox: this.scheduler.inbox, scheduler } satisfies LocalScheduler);
  }

  /** One thing of all that can happen. */
  step(): void {
    const choice = this.random.next();
    if (choice < 0.7) pick(this.random, this.owners)?.act();
    else if (choice < 0.9) this.grant();
    else if (choice < 0.92) this.takeOffice(this.scheduler.epoch + 1);
    else if (choice < 0.95) this.repeatLate();
    else if (choice < 0.97) this.open((pick(this.random, this.owners) as FakeOwner).successor());
  }

  async settle(): Promise<void> {
    this.calm = true;
    await pass(this.clock, 5_000, 250);
  }

  expectAgreement(): void {
    const sorted = (items: Iterable<unknown>): unknown[] => [...items].map(String).sort();
    expect(sorted(this.scheduler.queued)).toEqual(sorted(this.owners.flatMap((owner) => [...owner.queued])));
    expect(this.scheduler.granted.size).toBe(0);
    expect(sorted(this.scheduler.held)).toEqual(sorted(this.owners.flatMap((owner) => [...owner.held])));
  }

  private open(owner: FakeOwner): void {
    const gate = new GrantGate(owner);
    this.gates.set(owner.shard, gate);
    this.close.get(owner.shard)?.();
    this.close.set(owner.shard, this.link.opened(gate));
    this.owners[owner.shard] = owner;
  }

  private grant(): void {
    const { scheduler } = this;
    const [taskId, attempt] = pick(this.random, [...scheduler.queued]) ?? [];
    if (taskId === undefined || attempt === undefined) return;
    const { inbox } = scheduler;
    const port: GrantPort = {
      grant: (shard, request) => this.sendGrant(shard, { ...request, ...inbox.basis(shard) }),
    };
    void scheduler.grant({ taskId, attempt }, port, async () => {
      await delay(this.clock, 50);
      return this.scheduler === scheduler;
    });
  }

  private async sendGrant(shard: number, request: GrantRequest): Promise<GrantReply> {
    if (!this.calm) await turns(randomInteger(this.random, 4));
    const fate = this.calm ? 1 : this.random.next();
    if (fate < 0.2) throw new MultiswarmError('timeout', 'lost on its way');
    const refused = (await this.gates.get(shard)?.grant(request)) ?? [];
    if (fate < 0.4) throw new MultiswarmError('timeout', 'the answer is lost');
    return { v: 1, refused };
  }

  private async send(changes: SchedulerChanges): Promise<SchedulerChangesReply> {
    // Through JSON, as on the bus: what is changed afterwards must not change what was sent.
    const sent = JSON.parse(JSON.stringify(changes)) as SchedulerChanges;
    if (!this.calm) await turns(randomInteger(this.random, 4));
    const fate = this.calm ? 1 : this.random.next();
    if (fate < 0.15) throw new MultiswarmError('timeout', 'lost on its way');
    if (fate < 0.3) this.late.push(sent);
    if (fate < 0.2) throw new MultiswarmError('timeout', 'it will arrive later');
    if (fate < 0.25) return { v: 1, schedulerEpoch: this.scheduler.epoch, status: 'unknown-shard' };
    const reply = this.scheduler.inbox.take(sent);
    if (fate < 0.4) throw new MultiswarmError('timeout', 'the answer is lost');
    return reply;
  }

  private repeatLate(): void {
    const message = this.late.splice(randomInteger(this.random, this.late.length), 1)[0];
    if (message) this.scheduler.inbox.take(message);
  }
}

function chance(random: Random, share: number): boolean {
  return random.next() < share;
}

test.each([
  ['over the bus', false],
  ['in the same process as often as over the bus', true],
])(
  'a scheduler %s knows in the end exactly what the owners have, whatever was lost, late or doubled',
  async (_, local) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const world = new World(seed, 3, local);
        for (let step = 0; step < 120; step += 1) {
          world.step();
          if (chance(world.random, 0.4)) await pass(world.clock, randomInteger(world.random, 120), 40);
        }
        await world.settle();
        world.expectAgreement();
        world.link.stop();
      }),
      { numRuns: 80 },
    );
  },
  60_000,
);

/** A link whose messages the test answers. */
function quietLink(shards = 1) {
  const clock = new ManualClock();
  const sent: SchedulerChanges[] = [];
  const faults: unknown[] = [];
  let answer: (changes: SchedulerChanges) => Promise<SchedulerChangesReply> = ({ schedulerEpoch }) =>
    Promise.resolve({ v: 1, schedulerEpoch, status: 'ok' });
  const link = new StreamedLink({
    ...{ replica: 'a', shards, clock },
    send: (changes) => {
      sent.push(changes);
      return answer(changes);
    },
    onFault: (error) => faults.push(error),
  });
  return { clock, sent, faults, link, answerWith: (next: typeof answer) => void (answer = next) };
}

/** An owner of which only its first state matters. */
function source(pages: SnapshotPage[] = []) {
  return {
    shard: 0,
    epoch: 7,
    snapshots: [] as number[],
    async *snapshot(schedulerEpoch: number): AsyncGenerator<SnapshotPage> {
      this.snapshots.push(schedulerEpoch);
      await turns(1);
      yield* pages;
    },
  };
}

test('what is told while a message is under way leaves together with the next one', async () => {
  const { link, sent, answerWith } = quietLink();
  link.heard(1);
  link.opened(source());
  await turns();
  let release: (reply: SchedulerChangesReply) => void = () => undefined;
  answerWith(() => new Promise((resolve) => (release = resolve)));
  sent.length = 0;
  for (const id of ['a', 'b', 'c', 'd']) link.tell(0, { queued: [queued(id)] });
  await turns();
  release({ v: 1, schedulerEpoch: 1, status: 'ok' });
  await turns();
  expect(sent.map((message) => message.queued.map(({ taskId }) => taskId))).toEqual([['a'], ['b', 'c', 'd']]);
  link.stop();
});

test('a class is told once to each scheduler', async () => {
  const { link, sent } = quietLink();
  link.heard(1);
  link.opened(source());
  await turns();
  for (const epoch of [1, 2]) {
    link.heard(epoch);
    await turns();
    for (const id of ['a', 'b']) {
      link.tell(0, { queued: [queued(id)] });
      await turns();
    }
  }
  const told = sent.filter(({ classes }) => classes.length > 0).map(({ schedulerEpoch }) => schedulerEpoch);
  expect(told).toEqual([1, 2]);
  link.stop();
});

test('messages are cut by bytes, and none is larger than a server carries', async () => {
  const { link, sent } = quietLink();
  link.heard(1);
  const long = 'x'.repeat(100);
  const pages = Array.from({ length: 3 }, (_, page) => ({
    queued: Array.from({ length: 2_000 }, (_each, index) => {
      const change = queued(`t0-${page}-${index}`, 1, long);
      change.task.limitKeys = Array.from({ length: 8 }, () => long);
      return change;
    }),
  }));
  link.opened(source(pages));
  await turns(60);
  expect(sent.flatMap((message) => message.queued)).toHaveLength(6_000);
  expect(Math.max(...sent.map((message) => JSON.stringify(message).length))).toBeLessThan(600 * 1024);
  expect(sent.map(({ snapshot }) => snapshot?.first)).toEqual(sent.map((_, index) => index === 0));
  expect(sent.map(({ snapshot }) => snapshot?.last)).toEqual(
    sent.map((_, index) => index === sent.length - 1),
  );
  link.stop();
});

test('while nobody answers memory does not grow, and a snapshot follows', async () => {
  const { link, sent, clock, answerWith } = quietLink(1_000);
  link.heard(1);
  const owner = source();
  link.opened(owner);
  await turns();
  answerWith(() => Promise.reject(new MultiswarmError('bus-unavailable', 'nobody listens')));
  for (let index = 0; index < 5_000; index += 1) link.tell(0, { queued: [queued(`t0-${index}`)] });
  answerWith(({ schedulerEpoch }) => Promise.resolve({ v: 1, schedulerEpoch, status: 'ok' }));
  sent.length = 0;
  await pass(clock, 3_000);
  expect(owner.snapshots.length).toBeGreaterThan(1);
  expect(sent.flatMap((message) => message.queued).length).toBeLessThanOrEqual(1_000);
  link.stop();
});

test('a scheduler that was deposed is not believed, and a newer one that answers is told everything', async () => {
  const { link, sent, clock, answerWith } = quietLink();
  link.heard(5);
  link.heard(4);
  const owner = source([{ held: [{ taskId: 't0-1', attempt: 1, namespace: 'default' }] }]);
  answerWith(({ schedulerEpoch }) =>
    Promise.resolve({ v: 1, schedulerEpoch: 4, status: schedulerEpoch === 5 ? 'ok' : 'stale' }),
  );
  link.opened(owner);
  await pass(clock, 500);
  expect(new Set(sent.map(({ seq }) => seq))).toEqual(new Set([1]));
  answerWith(({ schedulerEpoch }) =>
    Promise.resolve({ v: 1, schedulerEpoch: 6, status: schedulerEpoch === 6 ? 'ok' : 'stale' }),
  );
  await pass(clock, 2_000);
  expect(owner.snapshots).toEqual([5, 6]);
  expect(sent.at(-1)).toMatchObject({ schedulerEpoch: 6, snapshot: { last: true } });
  link.stop();
});

test('a stream ends when the scheduler has heard of a later owner', async () => {
  const { link, sent, clock, answerWith } = quietLink();
  answerWith(({ schedulerEpoch }) => Promise.resolve({ v: 1, schedulerEpoch, status: 'stale' }));
  link.heard(1);
  link.opened(source());
  await pass(clock, 500);
  link.tell(0, { gone: ['t0-1'] });
  await pass(clock, 5_000);
  expect(sent).toHaveLength(1);
});

/** A scheduler in this process that has something for every slot. */
function generousScheduler(epoch: number) {
  const calls: unknown[] = [];
  const local: LocalScheduler = {
    inbox: new SchedulerInbox(epoch, { apply: () => 'ok' }),
    scheduler: {
      queued: 0,
      capacityChanged: (free) => void calls.push(['capacity', free]),
      fetch: (freed) =>
        freed.map((slot, shard) => ({
          shard,
          taskId: `t${shard}-1`,
          attempt: 1,
          placement: placement(),
          freed: slot,
        })),
      refused: (shard, refs) => void calls.push(['refused', shard, refs]),
    },
  };
  return { local, calls };
}

const SLOT = {
  ...{ taskId: 't0-0', attempt: 1, swarmId: 'a', region: 'eu-west', classKey: 'c' },
  ...{ reservationId: 'r1', costPerSlotHour: 1 },
};

test('slots are filled only by a scheduler in this process that is in office', () => {
  const { link } = quietLink();
  const { local, calls } = generousScheduler(3);
  link.capacityChanged(1);
  expect(link.fetch([SLOT])).toEqual([]);
  link.took(local);
  link.capacityChanged(2);
  link.heard(4);
  link.capacityChanged(3);
  expect(link.fetch([SLOT])).toEqual([]);
  expect(calls).toEqual([['capacity', 2]]);
});

test('slots are filled only from shards of this replica that have told the scheduler what they have', async () => {
  const { link } = quietLink();
  const { local, calls } = generousScheduler(3);
  link.took(local);
  link.opened(source());
  expect(link.fetch([SLOT])).toEqual([]);
  await turns();
  expect(link.fetch([SLOT, SLOT]).map(({ taskId }) => taskId)).toEqual(['t0-1']);
  expect(calls).toEqual([
    ['refused', 0, [{ taskId: 't0-1', attempt: 1 }]],
    ['refused', 1, [{ taskId: 't1-1', attempt: 1 }]],
  ]);
  link.stop();
});
