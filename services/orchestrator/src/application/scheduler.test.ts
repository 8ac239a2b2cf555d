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
import { ManualClock } from '@multiswarm/core';
import { placement, waiting } from '../../test/support/builders';
import { pass, turns } from '../../test/support/turns';
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
  refuse = false;

  grant(shard: number, { grants }: GrantRequest): Promise<GrantReply> {
    this.requests += 1;
    if (this.away.has(shard))
      return Promise.reject(new MultiswarmError('shard-unavailable', `nobody owns ${shard}`));
    if (this.refuse) return Promise.resolve({ v: 1, refused: grants });
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
  owners.refuse = true;
  ready('t1');
  await turns();
  expect(slots.reports).toMatchObject([{ reservationId: 'r-t1', outcome: 'unused' }]);
  expect(scheduler.queued).toBe(0);
  owners.refuse = false;
  slots.free = 1;
  ready('t2');
  await turns();
  expect(owners.ids()).toEqual(['t2']);
});
