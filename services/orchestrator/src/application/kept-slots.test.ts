import type { AttemptRef, LbReport } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import type { AttemptGrant, Fetched, FreedSlot, QueuedChange, SchedulerLink } from '../ports';
import { KeptSlots, type Successors } from './kept-slots';

const KEPT_MS = 100;

function slotOf(taskId: string, classKey = 'c'): FreedSlot {
  const swarm = { swarmId: 'swarm', region: 'eu', costPerSlotHour: 1 };
  return { taskId, attempt: 1, ...swarm, reservationId: `r-${taskId}`, classKey };
}

function endOf({ taskId, attempt, swarmId, reservationId }: FreedSlot): LbReport['outcomes'][number] {
  return { taskId, attempt, swarmId, reservationId, outcome: 'succeeded', durationMs: 5 };
}

function queued(taskId: string, classKey = 'c'): QueuedChange {
  const task = { taskId, attempt: 1, classKey, priority: 'normal' as const, order: 1, queuedAt: 1 };
  const requirements = { capabilities: [] };
  return { task, taskClass: { key: classKey, namespace: 'default', type: 'build', requirements } };
}

/** A scheduler that gives every slot the first task of its class. */
class World {
  readonly clock = new ManualClock();
  readonly waiting: { taskId: string; classKey: string }[] = [];
  readonly reported: LbReport['outcomes'] = [];
  readonly granted: string[] = [];
  readonly refused: AttemptRef[] = [];
  freed = 0;
  isIdle = true;
  /** What the owner of the shard does with grants; undefined: nobody owns it. */
  owner: ((grants: readonly AttemptGrant[]) => Promise<AttemptRef[]>) | undefined = (grants) => {
    this.granted.push(...grants.map(({ taskId, placement }) => `${taskId} after ${String(placement.after)}`));
    return Promise.resolve([]);
  };
  readonly kept: KeptSlots;

  constructor(keptMs = KEPT_MS) {
    const isIdle = (): boolean => this.isIdle;
    const link: SchedulerLink = {
      tell: (_shard, { queued: come = [] }) => {
        for (const { task } of come) this.waiting.push({ taskId: task.taskId, classKey: task.classKey });
      },
      capacityChanged: (free) => void (this.freed += free),
      fetch: (slots) => slots.flatMap((slot) => this.fetched(slot)),
      fetchedRefused: (_shard, refs) => void this.refused.push(...refs),
      get isIdle() {
        return isIdle();
      },
    };
    this.kept = new KeptSlots(
      {
        link,
        gateOf: () => (this.owner ? { grantKept: this.owner } : undefined),
        placer: { report: (outcomes) => void this.reported.push(...outcomes) },
        clock: this.clock,
      },
      keptMs,
    );
  }

  /** A slot comes free with the end of this task, which is committed at once unless told. */
  frees(taskId: string, { committed = true, classKey = 'c' } = {}): Successors {
    const slot = slotOf(taskId, classKey);
    const next: Successors = new Map();
    this.kept.keep([slot], () => next);
    if (committed && !this.kept.keepsEnd(endOf(slot))) this.reported.push(endOf(slot));
    return next;
  }

  async comes(taskId: string, classKey = 'c'): Promise<void> {
    this.kept.tell(0, { queued: [queued(taskId, classKey)] });
    await Promise.resolve();
    await Promise.resolve();
  }

  private fetched(slot: FreedSlot): Fetched[] {
    const at = this.waiting.findIndex(({ classKey }) => classKey === slot.classKey);
    const [task] = at < 0 ? [] : this.waiting.splice(at, 1);
    if (!task) return [];
    const { swarmId, region, reservationId, costPerSlotHour, taskId: after } = slot;
    const placement = { swarmId, region, reservationId, costPerSlotHour, after };
    return [{ shard: 0, taskId: task.taskId, attempt: 1, placement, freed: slot }];
  }
}

const ends = (world: World): string[] =>
  world.reported.map(({ taskId, next }) => `${taskId} then ${next?.taskId ?? 'nobody'}`);

test('a task that follows takes over the slot, and the load-balancer is told of both at once', async () => {
  const world = new World();
  world.frees('a');
  expect(ends(world)).toEqual([]);
  await world.comes('b');
  expect(world.granted).toEqual(['b after a']);
  expect(ends(world)).toEqual(['a then b']);
  world.clock.advance(KEPT_MS * 2);
  expect(ends(world)).toEqual(['a then b']);
});

test('a task that comes before the end is committed is named with it', async () => {
  const world = new World();
  const next = world.frees('a', { committed: false });
  await world.comes('b');
  expect(world.granted).toEqual(['b after a']);
  expect(next.get('a')).toEqual({ taskId: 'b', attempt: 1 });
  expect(world.kept.keepsEnd(endOf(slotOf('a')))).toBe(false);
});

test('a slot that nobody takes is told of after its time, and that it is free', () => {
  const world = new World();
  world.frees('a');
  world.clock.advance(KEPT_MS / 2);
  world.frees('b');
  world.clock.advance(KEPT_MS / 2);
  expect(ends(world)).toEqual(['a then nobody']);
  expect(world.freed).toBe(1);
  world.clock.advance(KEPT_MS / 2);
  expect(ends(world)).toEqual(['a then nobody', 'b then nobody']);
  expect(world.freed).toBe(2);
});

test('before a place is asked for all kept slots are given back', async () => {
  const world = new World();
  world.frees('a');
  world.frees('b', { committed: false });
  world.kept.release();
  expect(ends(world)).toEqual(['a then nobody']);
  expect(world.kept.keepsEnd(endOf(slotOf('b')))).toBe(false);
  await world.comes('c');
  expect(world.granted).toEqual([]);
});

test('the oldest slots go first, to as many tasks as came, and only to those of their class', async () => {
  const world = new World();
  for (const each of ['a', 'b', 'c']) world.frees(each);
  world.frees('other', { classKey: 'd' });
  world.kept.tell(0, { queued: [queued('x'), queued('y')] });
  await world.comes('z', 'e');
  expect(world.granted).toEqual(['x after a', 'y after b']);
  world.kept.release();
  expect(ends(world).sort()).toEqual(['a then x', 'b then y', 'c then nobody', 'other then nobody']);
});

test('what the owner has no use for goes back to the scheduler', async () => {
  const world = new World();
  world.frees('a');
  world.owner = () => Promise.resolve([{ taskId: 'b', attempt: 1 }]);
  await world.comes('b');
  world.frees('c');
  world.owner = () => Promise.reject(new Error('changing hands'));
  await world.comes('d');
  world.frees('e');
  world.owner = undefined;
  await world.comes('f');
  await new Promise(setImmediate);
  expect(world.refused.map(({ taskId }) => taskId)).toEqual(['b', 'd', 'f']);
});

test('what the owner has no use for is not named with an end that is still to be told', async () => {
  const world = new World();
  const next = world.frees('a', { committed: false });
  world.owner = () => Promise.resolve([{ taskId: 'b', attempt: 1 }]);
  await world.comes('b');
  await new Promise(setImmediate);
  expect(world.refused).toEqual([{ taskId: 'b', attempt: 1 }]);
  expect([...next]).toEqual([]);
});

test('nothing is kept while anything waits, nor where it is turned off', () => {
  const world = new World();
  world.isIdle = false;
  world.frees('a');
  expect(ends(world)).toEqual(['a then nobody']);
  const off = new World(0);
  off.frees('a');
  expect(ends(off)).toEqual(['a then nobody']);
});
