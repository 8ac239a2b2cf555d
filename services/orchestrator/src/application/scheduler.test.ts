import {
  MultiswarmError,
  NamespaceSettings,
  type Grant,
  type GrantReply,
  type GrantRequest,
  type LbReport,
  type PlaceItem,
  type PlaceResult,
  type QueuedTask,
  type SchedulerChanges,
  type TaskClass,
} from '@multiswarm/contracts';
import { deferred, ManualClock } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import { placement, waiting } from '../../test/support/builders';
import type { FreedSlot, GrantPort, Placer } from '../ports';
import { Scheduler } from './scheduler';

type Outcome = LbReport['outcomes'][number];

const CLASS: TaskClass = { key: 'c', namespace: 'default', type: 'build', requirements: {} };

/** A load-balancer with a number of slots. */
class Slots implements Placer {
  requests: PlaceItem[][] = [];
  reports: Outcome[] = [];
  away = false;
  /** Items whose answer fits one message. */
  answers = Infinity;
  /** Called while a request is under way. */
  during: () => void = () => undefined;

  constructor(public free: number) {}

  async place(_epoch: number, items: PlaceItem[]): Promise<PlaceResult[]> {
    this.requests.push(items);
    await new Promise((resolve) => setImmediate(resolve));
    this.during();
    if (this.away) throw new Error('nobody answers');
    if (items.length > this.answers) throw new MultiswarmError('body-too-large', 'the answer is too large');
    return items.map((item) => {
      if (this.free === 0) return { key: item.key, waiting: waiting() };
      this.free -= 1;
      return { key: item.key, placement: placement({ reservationId: `r-${item.key}` }) };
    });
  }

  report(outcomes: Outcome[]): void {
    this.reports.push(...outcomes);
  }

  asked(): string[] {
    return this.requests.flat().map(({ key }) => key);
  }
}

/** Owners that commit whatever they are granted. */
class Owners implements GrantPort {
  granted: (Grant & { shard: number })[] = [];
  requests = 0;
  away = new Set<number>();
  /** Requests to be refused. */
  refusals = 0;

  grant(shard: number, { grants }: GrantRequest): Promise<GrantReply> {
    this.requests += 1;
    if (this.away.has(shard))
      return Promise.reject(new MultiswarmError('shard-unavailable', `nobody owns ${shard}`));
    if (this.refusals > 0) {
      this.refusals -= 1;
      return Promise.resolve({ v: 1, refused: grants });
    }
    this.granted.push(...grants.map((grant) => ({ shard, ...grant })));
    return Promise.resolve({ v: 1, refused: [] });
  }

  ids(): string[] {
    return this.granted.map(({ taskId }) => taskId);
  }
}

let orders = 0;
function queued(taskId: string, given: Partial<QueuedTask> = {}): QueuedTask {
  orders += 1;
  return {
    ...{ taskId, attempt: 1, classKey: 'c', priority: 'normal', order: orders, queuedAt: 1_700_000_000_000 },
    ...given,
  };
}

function bench(free: number, { shards = 1, settings = {} } = {}) {
  const slots = new Slots(free);
  const owners = new Owners();
  const clock = new ManualClock();
  const faults: unknown[] = [];
  const current = { settings: NamespaceSettings.parse(settings) };
  const scheduler = new Scheduler(1, shards, {
    placer: slots,
    grants: owners,
    clock,
    settings: () => current.settings,
    onFault: (fault) => void faults.push(fault),
  });
  const tell = (given: Partial<SchedulerChanges>) =>
    scheduler.apply({
      ...{ v: 1, replica: 'a', schedulerEpoch: 1, shard: 0, epoch: 1 },
      ...{ classes: [CLASS], queued: [], gone: [], held: [], released: [] },
      ...given,
    });
  const snapshot = { first: true, last: true };
  const begin = (...numbers: number[]): void => numbers.forEach((shard) => tell({ shard, snapshot }));
  const ready = (...ids: string[]): unknown => tell({ queued: ids.map((id) => queued(id)) });
  const freed = (given: Partial<FreedSlot> = {}): FreedSlot => ({
    ...{ taskId: 'done', attempt: 1, swarmId: 'a', region: 'eu-west', classKey: 'c' },
    ...{ reservationId: 'r-done', costPerSlotHour: 1 },
    ...given,
  });
  return { slots, owners, clock, faults, scheduler, tell, snapshot, begin, ready, freed, current };
}

test('what is told in one turn is placed in one request, and granted to its shard', async () => {
  const { slots, owners, begin, tell } = bench(5, { shards: 2 });
  begin(0, 1);
  tell({ shard: 0, queued: [queued('t1'), queued('t2')] });
  tell({ shard: 1, queued: [queued('t3')] });
  await turns();
  expect(slots.requests.map((items) => items.map(({ key }) => key))).toEqual([['t1', 't2', 't3']]);
  expect(owners.granted.map(({ shard, taskId }) => [shard, taskId])).toEqual([
    [0, 't1'],
    [0, 't2'],
    [1, 't3'],
  ]);
  expect(owners.requests).toBe(2);
});

test('with nothing to place, or nowhere to place it, the load-balancer is left in peace', async () => {
  const { slots, clock, scheduler, begin, ready } = bench(0);
  begin(0);
  scheduler.capacityChanged(10, { swarmId: 'a', reason: 'freed' });
  await pass(clock, 10_000, 1_000);
  expect(slots.requests).toEqual([]);
  ready('t1');
  await pass(clock, 60_000, 1_000);
  expect(slots.requests).toHaveLength(1);
  ready('t2'); // of the same class: it is parked, so nobody is asked again
  await pass(clock, 60_000, 1_000);
  expect(slots.requests).toHaveLength(1);
});

test('capacity wakes what waits, and each waiting task gets exactly one slot', async () => {
  const { slots, owners, scheduler, begin, ready } = bench(0);
  begin(0);
  ready('t1', 't2', 't3');
  await turns();
  expect(scheduler.queued).toBe(3);
  slots.free = 2;
  scheduler.capacityChanged(2, { swarmId: 'a', reason: 'freed' });
  await turns(20);
  expect(owners.ids()).toEqual(['t1', 't2']);
  expect(scheduler.queued).toBe(1);
  expect(Object.keys(await scheduler.explain(['t1', 't3', 'nobody']))).toEqual(['t3']);
  expect((await scheduler.explain(['t3']))['t3']?.reason).toBe('no-slot');
});

test('the slot of a task that was cancelled while it was being placed is given back', async () => {
  const { slots, owners, begin, tell, ready } = bench(2);
  begin(0);
  slots.during = () => void tell({ gone: ['t1'] });
  ready('t1', 't2');
  await turns();
  expect(owners.ids()).toEqual(['t2']);
  expect(slots.reports).toEqual([
    { reservationId: 'r-t1', swarmId: 'a', taskId: 't1', attempt: 1, outcome: 'unused' },
  ]);
});

test('a slot that the owner has no use for is given back, with what it counted in limits', async () => {
  const { slots, owners, scheduler, begin, ready } = bench(1, { settings: { limit: { concurrency: 1 } } });
  begin(0);
  owners.refusals = 1;
  ready('t1');
  await turns();
  expect(slots.reports).toMatchObject([{ reservationId: 'r-t1', outcome: 'unused' }]);
  expect(scheduler.queued).toBe(0);
  slots.free = 1;
  ready('t2');
  await turns();
  expect(owners.ids()).toEqual(['t2']);
});

test('while the load-balancer is away tasks keep their order, say why they wait, and are placed when it is back', async () => {
  const { slots, owners, clock, faults, scheduler, begin, ready } = bench(10);
  begin(0);
  slots.away = true;
  ready('t1', 't2');
  await pass(clock, 3_000);
  ready('t3');
  await pass(clock, 3_000);
  expect(owners.ids()).toEqual([]);
  expect(scheduler.queued).toBe(3);
  expect(faults.length).toBeGreaterThan(3);
  expect(slots.requests.length).toBeLessThan(20); // it waits between tries
  expect((await scheduler.explain(['t1']))['t1']?.detail).toMatch(/cannot be asked: nobody answers/);
  slots.away = false;
  await pass(clock, 3_000);
  expect(owners.ids()).toEqual(['t1', 't2', 't3']);
});

test('one request stays well under what NATS carries, and the rest goes with the next', async () => {
  const { slots, owners, begin, tell } = bench(100);
  begin(0);
  const attributes = Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [`a${index}`, 'x'.repeat(1_000)]),
  );
  const large = { ...CLASS, key: 'large', requirements: { attributes } };
  tell({
    classes: [large],
    queued: Array.from({ length: 16 }, (_, at) => queued(`t${at}`, { classKey: 'large' })),
  });
  await turns(60);
  expect(owners.ids()).toHaveLength(16);
  expect(slots.requests.length).toBeGreaterThan(1);
  for (const items of slots.requests) expect(JSON.stringify(items).length).toBeLessThan(1024 * 1024);
});

test('an answer that is too large for a message makes the passes smaller, until everybody is placed', async () => {
  const { slots, owners, clock, begin, ready } = bench(100);
  begin(0);
  slots.answers = 3;
  const ids = Array.from({ length: 16 }, (_, index) => `t${index}`);
  ready(...ids);
  await pass(clock, 10_000);
  expect(owners.ids()).toEqual(ids);
  expect(Math.max(...slots.requests.slice(-3).map((items) => items.length))).toBeLessThan(16);
});

test('stopped, it asks nobody any more, and gives back what an answer still brings', async () => {
  const { slots, owners, scheduler, begin, ready } = bench(1);
  begin(0);
  slots.during = () => scheduler.stop();
  ready('t1');
  await turns();
  ready('t2');
  await turns();
  expect(slots.asked()).toEqual(['t1']);
  expect(owners.ids()).toEqual([]);
  expect(slots.reports).toMatchObject([{ reservationId: 'r-t1', outcome: 'unused' }]);
});

test('grants are repeated until somebody answers, and meanwhile the tasks of that shard are in nobody’s way', async () => {
  const { slots, owners, clock, scheduler, begin, tell } = bench(4, { shards: 2 });
  begin(0, 1);
  owners.away.add(0);
  tell({ shard: 0, queued: [queued('t1')] });
  await turns();
  tell({ shard: 0, queued: [queued('t2')] }); // it has told something, but takes nothing
  await pass(clock, 200);
  tell({ shard: 1, queued: [queued('t3')] });
  await pass(clock, 5_000);
  expect(owners.ids()).toEqual(['t3']);
  expect(owners.requests).toBeGreaterThan(5);
  expect((await scheduler.explain(['t2']))['t2']?.detail).toMatch(/does not answer/);
  owners.away.clear();
  await pass(clock, 2_000);
  expect(owners.ids().sort()).toEqual(['t1', 't2', 't3']);
  expect(slots.asked().sort()).toEqual(['t1', 't2', 't3']);
});

test('what an owner did not answer is not sent to its successor, and is given back unless that one holds it', async () => {
  const { slots, owners, clock, begin, tell, snapshot } = bench(2);
  begin(0);
  owners.away.add(0);
  tell({ queued: [queued('lost'), queued('committed')] });
  await turns();
  tell({
    epoch: 2,
    snapshot,
    held: [{ taskId: 'committed', attempt: 1, namespace: 'default' }],
    queued: [queued('lost')],
  });
  owners.away.clear();
  slots.free = 0;
  await pass(clock, 3_000);
  expect(owners.granted).toEqual([]);
  expect(slots.reports).toMatchObject([{ taskId: 'lost', reservationId: 'r-lost', outcome: 'unused' }]);
});

describe('what shards tell', () => {
  test('of a shard that is not known yet, or has a new owner, nothing is taken in before its snapshot', () => {
    const { scheduler, tell, snapshot } = bench(1);
    expect(tell({ queued: [queued('t1')] })).toBe('unknown-shard');
    expect(tell({ snapshot: { first: false, last: true } })).toBe('unknown-shard');
    expect(tell({ snapshot, queued: [queued('t1')] })).toBe('ok');
    expect(tell({ epoch: 2, queued: [queued('t2')] })).toBe('unknown-shard');
    expect(tell({ epoch: 2, snapshot, queued: [queued('t2')] })).toBe('ok');
    expect(tell({ epoch: 1, queued: [queued('t3')] })).toBe('stale');
    expect(scheduler.queued).toBe(1);
  });

  test('a snapshot throws away what was known of its shard, and of no other', async () => {
    const { owners, scheduler, begin, tell, snapshot, slots } = bench(0, { shards: 2 });
    begin(0, 1);
    tell({ shard: 0, queued: [queued('old')] });
    tell({ shard: 1, queued: [queued('other')] });
    tell({ shard: 0, snapshot, queued: [queued('new')] });
    expect(scheduler.queued).toBe(2);
    slots.free = 5;
    scheduler.capacityChanged(5, { swarmId: 'a', reason: 'freed' });
    await turns(20);
    expect(owners.ids().sort()).toEqual(['new', 'other']);
  });

  test('a class that nobody has told needs a snapshot', () => {
    const { begin, tell } = bench(1);
    begin(0);
    expect(tell({ classes: [], queued: [queued('t1', { classKey: 'never told' })] })).toBe('unknown-shard');
    expect(tell({ queued: [queued('t2')] })).toBe('unknown-shard');
  });

  test('a shard without an owner keeps its limits and loses its tasks', async () => {
    const { owners, scheduler, begin, tell } = bench(9, {
      shards: 2,
      settings: { limit: { concurrency: 1 } },
    });
    begin(0, 1);
    tell({ shard: 0, queued: [queued('running')] });
    await turns();
    tell({ shard: 0, queued: [queued('t2')] });
    scheduler.dropShard(0, 1);
    expect(scheduler.queued).toBe(0);
    tell({ shard: 1, queued: [queued('t3')] });
    await turns();
    expect(owners.ids()).toEqual(['running']);
    expect(tell({ shard: 0, released: [{ taskId: 'running', attempt: 1 }] })).toBe('unknown-shard');
  });

  test('a task that is told again while its grant is under way is not placed twice', async () => {
    const { owners, clock, slots, begin, tell } = bench(5);
    begin(0);
    owners.away.add(0);
    const task = queued('t1');
    tell({ queued: [task] });
    await turns();
    tell({ queued: [task] });
    owners.away.clear();
    await pass(clock, 2_000);
    expect(owners.ids()).toEqual(['t1']);
    expect(slots.asked()).toEqual(['t1']);
  });

  test('and is placed again when its owner has refused that grant', async () => {
    const { owners, clock, begin, tell } = bench(5);
    begin(0);
    owners.away.add(0);
    const task = queued('t1');
    tell({ queued: [task] });
    await turns();
    tell({ queued: [task] });
    owners.away.clear();
    owners.refusals = 1;
    await pass(clock, 2_000);
    expect(owners.ids()).toEqual(['t1']);
  });

  test('the answer to a grant says nothing about the next attempt of its task, which was placed meanwhile', async () => {
    const { owners, begin, tell } = bench(5);
    begin(0);
    const answered = deferred<GrantReply>();
    const grant = owners.grant.bind(owners);
    owners.grant = (shard, request) => {
      owners.grant = grant;
      return answered.promise.then(() => grant(shard, request));
    };
    tell({ queued: [queued('t1')] });
    await turns();
    tell({ queued: [queued('t1', { attempt: 2 })] });
    await turns();
    answered.resolve({ v: 1, refused: [] });
    await turns();
    expect(owners.granted.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });
});

describe('a new scheduler', () => {
  test('places nothing before every shard has begun to tell, so that the order is that of all', async () => {
    const { owners, clock, begin, tell, scheduler, snapshot } = bench(1, { shards: 2 });
    const first = queued('first');
    tell({ shard: 1, snapshot, queued: [queued('second')] });
    await pass(clock, 1_000);
    expect(owners.ids()).toEqual([]);
    expect((await scheduler.explain(['second']))['second']?.detail).toMatch(/waits until every shard/);
    tell({ shard: 0, snapshot, queued: [first] });
    await turns();
    expect(owners.ids()).toEqual(['first']);
    begin(0);
  });

  test('does not wait for a shard without an owner for longer than two seconds', async () => {
    const { owners, clock, tell, snapshot } = bench(1, { shards: 2 });
    tell({ shard: 1, snapshot, queued: [queued('t1')] });
    await pass(clock, 1_900);
    expect(owners.ids()).toEqual([]);
    await pass(clock, 200);
    expect(owners.ids()).toEqual(['t1']);
  });

  test('places nothing under a limit before every shard has told what it holds, then counts all of it', async () => {
    const settings = { limits: { api: { concurrency: 2 } } };
    const { owners, clock, tell, scheduler } = bench(9, { shards: 2, settings });
    const limitKeys = ['api'];
    const held = { taskId: 'held', attempt: 3, namespace: 'default', limitKeys };
    tell({ shard: 0, snapshot: { first: true, last: false }, held: [held] });
    tell({
      shard: 0,
      snapshot: { first: false, last: true },
      queued: [queued('t1', { limitKeys }), queued('t2', { limitKeys }), queued('free')],
    });
    await pass(clock, 10_000);
    expect(owners.ids()).toEqual(['free']);
    expect((await scheduler.explain(['t1']))['t1']).toMatchObject({ reason: 'limit' });
    tell({ shard: 1, snapshot: { first: true, last: false } });
    await turns();
    expect(owners.ids()).toEqual(['free']);
    tell({ shard: 1, snapshot: { first: false, last: true } });
    await turns(20);
    expect(owners.ids()).toEqual(['free', 't1']);
    tell({ released: [{ taskId: 'held', attempt: 3 }] });
    await turns(20);
    expect(owners.ids()).toEqual(['free', 't1', 't2']);
  });

  test('takes up the order where its predecessor left it', async () => {
    const waiting = Array.from({ length: 12 }, (_, at) =>
      queued(`t${at}`, { priority: at % 3 ? 'low' : 'high' }),
    );
    const run = async (takeover: number): Promise<string[]> => {
      const placed: string[] = [];
      let rest = waiting;
      for (const slots of [takeover, 100]) {
        const { owners, tell, snapshot } = bench(slots);
        tell({ snapshot, queued: [...rest].reverse() });
        await turns(30);
        placed.push(...owners.ids());
        rest = rest.filter(({ taskId }) => !placed.includes(taskId));
      }
      return placed;
    };
    const whole = await run(0);
    expect(whole).toHaveLength(12);
    for (const at of [1, 4, 7]) expect(await run(at)).toEqual(whole);
  });
});

describe('finish and fetch', () => {
  test('a slot that comes free goes to the next task, which is told after whom it comes', async () => {
    const { slots, owners, scheduler, begin, ready, freed } = bench(0);
    begin(0);
    ready('t1', 't2');
    await turns();
    const [fetched] = scheduler.fetch([freed()]);
    expect(fetched).toMatchObject({
      ...{ shard: 0, taskId: 't1', attempt: 1, freed: { taskId: 'done' } },
      placement: {
        ...{ swarmId: 'a', region: 'eu-west', reservationId: 'r-done', costPerSlotHour: 1 },
        after: 'done',
      },
    });
    expect(scheduler.queued).toBe(1);
    await turns();
    expect(slots.asked()).toEqual(['t1', 't2']);
    expect(owners.ids()).toEqual([]);
  });

  test('a fetched task that its owner refuses goes back into the line, and its slot and limits are free again', async () => {
    const settings = { limit: { concurrency: 1 } };
    const { slots, owners, scheduler, begin, ready, freed } = bench(0, { settings });
    begin(0);
    ready('t1', 't2');
    await turns();
    expect(scheduler.fetch([freed(), freed()]).map(({ taskId }) => taskId)).toEqual(['t1']);
    scheduler.refused(0, [{ taskId: 't1', attempt: 1 }]);
    expect(slots.reports).toMatchObject([{ taskId: 't1', reservationId: 'r-done', outcome: 'unused' }]);
    slots.free = 1;
    scheduler.capacityChanged(1, { swarmId: 'a', reason: 'freed' });
    await turns(20);
    expect(owners.ids()).toEqual(['t1']);
  });

  test('one that does not wait any more does not come back', async () => {
    const { slots, owners, scheduler, begin, ready, tell, freed } = bench(0);
    begin(0);
    ready('t1');
    await turns();
    scheduler.fetch([freed()]);
    tell({ gone: ['t1'] });
    scheduler.refused(0, [{ taskId: 't1', attempt: 1 }]);
    slots.free = 1;
    scheduler.capacityChanged(1, { swarmId: 'a', reason: 'freed' });
    await turns();
    expect([scheduler.queued, owners.ids()]).toEqual([0, []]);
  });

  test('nothing is fetched before the scheduler may place, nor after it has stopped', async () => {
    const { scheduler, begin, tell, freed, snapshot } = bench(0, { shards: 2 });
    tell({ snapshot, queued: [queued('t1')] });
    expect(scheduler.fetch([freed()])).toEqual([]);
    begin(1);
    await turns();
    scheduler.stop();
    expect(scheduler.fetch([freed()])).toEqual([]);
  });
});

test('a rate wakes whoever waits for it with one timer, and nothing before', async () => {
  const settings = { limits: { api: { rate: { tasks: 1, perMs: 10_000 } } } };
  const { slots, owners, clock, begin, tell } = bench(9, { settings });
  begin(0);
  await pass(clock, 10_000, 10_000);
  tell({ queued: ['t1', 't2', 't3'].map((id) => queued(id, { limitKeys: ['api'] })) });
  await turns();
  expect(owners.ids()).toEqual(['t1']);
  await pass(clock, 9_900, 100);
  expect([owners.ids(), slots.requests.length]).toEqual([['t1'], 1]);
  await pass(clock, 200, 100);
  expect(owners.ids()).toEqual(['t1', 't2']);
  await pass(clock, 10_000, 100);
  expect([owners.ids(), slots.requests.length]).toEqual([['t1', 't2', 't3'], 3]);
});

test('a scheduler that begins does not know what was started just before: a rate lets nobody through until its time has passed', async () => {
  const settings = { limits: { api: { rate: { tasks: 2, perMs: 10_000 } } } };
  const { owners, clock, begin, tell } = bench(9, { settings });
  begin(0);
  tell({ queued: ['t1', 't2', 't3'].map((id) => queued(id, { limitKeys: ['api'] })) });
  await pass(clock, 9_900, 100);
  expect(owners.ids()).toEqual([]);
  await pass(clock, 200, 100);
  expect(owners.ids()).toEqual(['t1', 't2']);
});

test('settings that change count at once', async () => {
  const { owners, scheduler, begin, ready, current } = bench(9, { settings: { limit: { concurrency: 0 } } });
  begin(0);
  ready('t1');
  await turns();
  expect(owners.ids()).toEqual([]);
  current.settings = NamespaceSettings.parse({});
  scheduler.namespaceChanged('default');
  await turns();
  expect(owners.ids()).toEqual(['t1']);
});

test('a hundred thousand that wait for nothing cost nothing: no time, no timer and no question', async () => {
  const { slots, clock, scheduler, begin, tell } = bench(0);
  begin(0);
  for (let at = 0; at < 100_000; at += 1_000)
    tell({ queued: Array.from({ length: 1_000 }, (_, more) => queued(`t${at + more}`)) });
  await pass(clock, 5_000, 500);
  const asked = slots.asked().length;
  expect(asked).toBeLessThanOrEqual(16);
  const { queue } = scheduler as unknown as { queue: { take: (...args: unknown[]) => unknown[] } };
  const take = jest.spyOn(queue, 'take');
  await pass(clock, 60_000, 500);
  expect([take.mock.calls.length, slots.asked().length]).toEqual([0, asked]);
});
