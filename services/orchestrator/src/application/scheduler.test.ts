import {
  MultiswarmError,
  type LbReport,
  type PlaceItem,
  type PlaceResult,
  type Placement,
} from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { placement, queuedTask, waiting } from '../../test/support/builders';
import { pass, turns } from '../../test/support/turns';
import type { Placer } from '../ports';
import { Scheduler, type Grants } from './scheduler';

type Outcome = LbReport['outcomes'][number];

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
      if (this.free === 0 || item.avoid) return { key: item.key, waiting: waiting() };
      this.free -= 1;
      return { key: item.key, placement: placement({ reservationId: `r-${item.key}` }) };
    });
  }

  report(outcomes: Outcome[]): void {
    this.reports.push(...outcomes);
  }
}

class Shards implements Grants {
  readonly granted: { shard: number; taskId: string; placement: Placement }[] = [];
  refuse = false;

  grant(shard: number, placements: { taskId: string; placement: Placement }[]) {
    if (this.refuse) return placements;
    this.granted.push(...placements.map((each) => ({ shard, ...each })));
    return [];
  }
}

function bench(free: number) {
  const slots = new Slots(free);
  const shards = new Shards();
  const clock = new ManualClock();
  const faults: unknown[] = [];
  const scheduler = new Scheduler(1, slots, shards, clock, (fault) => void faults.push(fault));
  const ready = (...ids: string[]): void => {
    for (const id of ids) scheduler.ready(queuedTask(id), 3, undefined);
  };
  const grantedIds = (): string[] => shards.granted.map(({ taskId }) => taskId);
  return { slots, shards, clock, faults, scheduler, ready, grantedIds };
}

test('what is ready in one turn is placed in one request, and granted to its shard', async () => {
  const { slots, shards, ready } = bench(5);
  ready('t1', 't2', 't3');
  await turns();
  expect(slots.requests.map((items) => items.map(({ key }) => key))).toEqual([['t1', 't2', 't3']]);
  expect(shards.granted.map(({ shard, taskId }) => ({ shard, taskId }))).toEqual([
    { shard: 3, taskId: 't1' },
    { shard: 3, taskId: 't2' },
    { shard: 3, taskId: 't3' },
  ]);
});

test('with nothing to place, or nowhere to place it, the load-balancer is left in peace', async () => {
  const { slots, clock, scheduler, ready } = bench(0);
  scheduler.capacityChanged(10);
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
  const { slots, scheduler, ready, grantedIds } = bench(0);
  ready('t1', 't2', 't3');
  await turns();
  expect(scheduler.queued).toBe(3);
  slots.free = 2;
  scheduler.capacityChanged(2);
  await turns(20);
  expect(grantedIds()).toEqual(['t1', 't2']);
  expect(scheduler.queued).toBe(1);
  expect(Object.keys(await scheduler.explain(['t1', 't3', 'nobody']))).toEqual(['t3']);
  expect((await scheduler.explain(['t3']))['t3']?.reason).toBe('no-slot');
});

test('the slot of a task that was cancelled while it was being placed is given back', async () => {
  const { slots, scheduler, ready, grantedIds } = bench(2);
  slots.during = () => scheduler.gone('t1');
  ready('t1', 't2');
  await turns();
  expect(grantedIds()).toEqual(['t2']);
  expect(slots.reports).toEqual([
    { reservationId: 'r-t1', swarmId: 'a', taskId: 't1', attempt: 1, outcome: 'unused' },
  ]);
});

test('a slot that the owner has no use for is given back', async () => {
  const { slots, shards, scheduler, ready } = bench(1);
  shards.refuse = true;
  ready('t1');
  await turns();
  expect(slots.reports).toMatchObject([{ reservationId: 'r-t1', outcome: 'unused' }]);
  expect(scheduler.queued).toBe(0);
});

test('while the load-balancer is away tasks keep their order, and are placed when it is back', async () => {
  const { slots, clock, faults, scheduler, ready, grantedIds } = bench(10);
  slots.away = true;
  ready('t1', 't2');
  await pass(clock, 3_000);
  ready('t3');
  await pass(clock, 3_000);
  expect(grantedIds()).toEqual([]);
  expect(scheduler.queued).toBe(3);
  expect(faults.length).toBeGreaterThan(3);
  expect(slots.requests.length).toBeLessThan(20); // it waits between tries
  slots.away = false;
  await pass(clock, 3_000);
  expect(grantedIds()).toEqual(['t1', 't2', 't3']);
});

test('a task that was cancelled while the load-balancer was away is not placed afterwards', async () => {
  const { slots, clock, scheduler, ready, grantedIds } = bench(10);
  slots.away = true;
  ready('t1', 't2');
  await pass(clock, 1_000);
  scheduler.gone('t1');
  slots.away = false;
  await pass(clock, 3_000);
  expect(grantedIds()).toEqual(['t2']);
});

test('a refused task avoids the swarm that refused, then may go there again when there is capacity', async () => {
  const { slots, scheduler, grantedIds } = bench(1);
  scheduler.ready(queuedTask('t1'), 0, 'a');
  await turns();
  expect(slots.requests[0]?.[0]).toMatchObject({ key: 't1', avoid: ['a'] });
  expect(grantedIds()).toEqual([]);
  scheduler.capacityChanged(1);
  await turns();
  expect(slots.requests[1]?.[0]?.avoid).toBeUndefined();
  expect(grantedIds()).toEqual(['t1']);
});

test('one request stays well under what NATS carries, and the rest goes with the next', async () => {
  const { slots, scheduler, grantedIds } = bench(100);
  const attributes = Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [`a${index}`, 'x'.repeat(1_000)]),
  );
  for (let index = 0; index < 16; index += 1)
    scheduler.ready(queuedTask(`t${index}`, { requirements: { attributes } }), 0, undefined);
  await turns(60);
  expect(grantedIds()).toHaveLength(16);
  expect(slots.requests.length).toBeGreaterThan(1);
  for (const items of slots.requests) expect(JSON.stringify(items).length).toBeLessThan(1024 * 1024);
});

test('an answer that is too large for a message makes the passes smaller, until everybody is placed', async () => {
  const { slots, clock, ready, grantedIds } = bench(100);
  slots.answers = 3;
  const ids = Array.from({ length: 16 }, (_, index) => `t${index}`);
  ready(...ids);
  await pass(clock, 10_000);
  expect(grantedIds()).toEqual(ids);
  expect(Math.max(...slots.requests.slice(-3).map((items) => items.length))).toBeLessThan(16);
});

test('stopped, it asks nobody any more', async () => {
  const { slots, scheduler, ready } = bench(1);
  scheduler.stop();
  ready('t1');
  await turns();
  expect(slots.requests).toEqual([]);
});
