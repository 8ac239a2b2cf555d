import type { AttemptRef } from '@multiswarm/contracts';
import fc from 'fast-check';
import { Admission, type Offer } from './admission';

const offer = (over: Partial<Offer> = {}): Offer => ({
  shard: 0,
  epoch: 1,
  taskId: 'a',
  attempt: 1,
  resources: {},
  handled: true,
  ...over,
});
const admission = (slots = 2, resources = {}): Admission => new Admission({ slots, resources });

describe('admission', () => {
  test('accepts the same attempt again without starting it again, while it runs and after it is over', () => {
    const swarm = admission();
    const answers = [swarm.offer(offer()), swarm.offer(offer())];
    swarm.handlerEnded(offer());
    swarm.acknowledged(offer());
    answers.push(swarm.offer(offer()));
    expect(answers.map((answer) => answer.outcome === 'accepted' && answer.start)).toEqual([
      true,
      false,
      false,
    ]);
    expect(swarm.held).toEqual([]);
  });

  test('repeats a refusal for that number for ever, also when there is room again', () => {
    const swarm = admission(1);
    swarm.offer(offer({ taskId: 'first' }));
    expect(swarm.offer(offer())).toMatchObject({ outcome: 'refused', reason: 'no-free-slot' });
    swarm.handlerEnded({ taskId: 'first', attempt: 1 });
    expect(swarm.offer(offer())).toMatchObject({ outcome: 'refused', reason: 'no-free-slot' });
    expect(swarm.offer(offer({ attempt: 2 }))).toMatchObject({ outcome: 'accepted', start: true });
  });

  test('refuses a lower number than one that it has seen, even if that one was refused', () => {
    const swarm = admission();
    swarm.offer(offer({ attempt: 3, handled: false }));
    expect(swarm.offer(offer({ attempt: 2 }))).toMatchObject({ outcome: 'refused', reason: 'stale-attempt' });
  });

  test('refuses an older epoch of a shard, but not of another shard', () => {
    const swarm = admission();
    swarm.offer(offer({ taskId: 'new', epoch: 5 }));
    expect(swarm.offer(offer({ taskId: 'old', epoch: 4 }))).toMatchObject({ reason: 'stale-epoch' });
    expect(swarm.offer(offer({ taskId: 'other', epoch: 4, shard: 1 }))).toMatchObject({
      outcome: 'accepted',
    });
  });

  test('learns of an epoch also from who asks for what it holds', () => {
    const swarm = admission();
    swarm.offer(offer({ epoch: 4, regionEpoch: 4 }));
    swarm.offer(offer({ epoch: 5, regionEpoch: 5, again: true }));
    expect(swarm.offer(offer({ taskId: 'old', epoch: 4 }))).toMatchObject({ reason: 'stale-epoch' });
    expect(swarm.offer(offer({ taskId: 'past', epoch: 5, regionEpoch: 4 }))).toMatchObject({
      reason: 'stale-epoch',
    });
  });

  test('says accepted to an older epoch that asks for what it holds, so that nobody runs it elsewhere', () => {
    const swarm = admission();
    swarm.offer(offer({ epoch: 1 }));
    swarm.offer(offer({ taskId: 'b', epoch: 2 }));
    expect(swarm.offer(offer({ epoch: 1 }))).toMatchObject({ outcome: 'accepted', start: false });
  });

  test('names the older attempt that still runs when a newer one comes, even if it has no slot for the newer one', () => {
    const swarm = admission(1);
    swarm.offer(offer());
    expect(swarm.offer(offer({ attempt: 2 }))).toMatchObject({
      outcome: 'refused',
      reason: 'no-free-slot',
      superseded: [{ taskId: 'a', attempt: 1 }],
    });
  });

  test('refuses a coordinator of the past, and what no coordinator passed on only by its shard', () => {
    const swarm = admission(9);
    swarm.offer(offer({ taskId: 'new', regionEpoch: 5 }));
    expect(swarm.offer(offer({ taskId: 'old', regionEpoch: 4 }))).toMatchObject({ reason: 'stale-epoch' });
    expect(swarm.offer(offer({ taskId: 'direct' }))).toMatchObject({ outcome: 'accepted' });
    expect(swarm.offer(offer({ taskId: 'new', regionEpoch: 4 }))).toMatchObject({
      outcome: 'accepted',
      start: false,
    });
    expect(swarm.offer(offer({ taskId: 'old', regionEpoch: 6 }))).toMatchObject({ reason: 'stale-epoch' });
  });

  test('refuses what may have been sent before unless it has it, and keeps to that when it comes for the first time', () => {
    const swarm = admission();
    swarm.offer(offer({ taskId: 'known' }));
    expect(swarm.offer(offer({ taskId: 'known', again: true }))).toMatchObject({ outcome: 'accepted' });
    expect(swarm.offer(offer({ taskId: 'new', again: true }))).toMatchObject({ reason: 'not-received' });
    expect(swarm.offer(offer({ taskId: 'new' }))).toMatchObject({ reason: 'not-received' });
    expect(swarm.offer(offer({ taskId: 'new', attempt: 2 }))).toMatchObject({ outcome: 'accepted' });
  });

  test('refuses what is meant for an earlier process of the swarm', () => {
    const swarm = admission();
    expect(swarm.offer(offer({ misdirected: true }))).toMatchObject({ reason: 'other-process' });
  });

  test('takes nothing while it is closed and takes work again afterwards, but not once it drains', () => {
    const swarm = admission();
    swarm.close('cordoned');
    expect([swarm.freeSlots, swarm.offer(offer())]).toMatchObject([0, { reason: 'cordoned' }]);
    swarm.reopen();
    expect([swarm.freeSlots, swarm.offer(offer({ taskId: 'b' }))]).toMatchObject([2, { start: true }]);
    swarm.drain();
    swarm.reopen();
    expect([swarm.freeSlots, swarm.offer(offer({ taskId: 'c' }))]).toMatchObject([0, { reason: 'draining' }]);
  });

  test.each([
    ['within what is left', { cpu: 2 }, 'accepted'],
    ['more than is left', { cpu: 3 }, 'refused'],
    ['a resource that the swarm does not declare', { gpu: 1 }, 'refused'],
    ['none of a resource that the swarm does not declare', { gpu: 0 }, 'accepted'],
  ])('decides by the resources that are left: %s', (_case, resources, outcome) => {
    const swarm = admission(9, { cpu: 4, memoryMb: 100 });
    swarm.offer(offer({ taskId: 'first', resources: { cpu: 2, memoryMb: 10 } }));
    expect(swarm.offer(offer({ resources })).outcome).toBe(outcome);
  });

  test('holds an attempt until its handler has ended and its report is acknowledged, in either order', () => {
    const swarm = admission(2);
    swarm.offer(offer());
    swarm.offer(offer({ taskId: 'b' }));
    swarm.acknowledged(offer());
    swarm.handlerEnded({ taskId: 'b', attempt: 1 });
    expect([swarm.held.length, swarm.busySlots]).toEqual([2, 1]);
    swarm.handlerEnded(offer());
    swarm.acknowledged({ taskId: 'b', attempt: 1 });
    expect([swarm.held.length, swarm.busySlots]).toEqual([0, 0]);
  });

  test('takes nothing new while draining or while its reports do not get through', () => {
    const swarm = admission();
    swarm.setBacklogFull(true);
    expect(swarm.offer(offer())).toMatchObject({ reason: 'too-many-unreported' });
    swarm.setBacklogFull(false);
    swarm.drain();
    expect(swarm.offer(offer({ taskId: 'b' }))).toMatchObject({ reason: 'draining' });
  });

  test('forgets the oldest tasks beyond its memory, but never one that it holds', () => {
    const swarm = new Admission({ slots: 10, resources: {} }, 2);
    swarm.offer(offer({ taskId: 'held' }));
    for (const taskId of ['x', 'y', 'z', 'u', 'v']) swarm.offer(offer({ taskId, handled: false }));
    expect(swarm.offer(offer({ taskId: 'held' }))).toMatchObject({ outcome: 'accepted', start: false });
    expect(swarm.offer(offer({ taskId: 'u' }))).toMatchObject({ outcome: 'refused' });
    expect(swarm.offer(offer({ taskId: 'x' }))).toMatchObject({ outcome: 'accepted', start: true });
  });
});

const DOORS = ['drain', 'cordoned', 'draining', 'reopen'] as const;
type Door = (typeof DOORS)[number];

/** What must hold after any sequence of offers, ends, acknowledgements, and of its door being shut and opened. */
class Model {
  readonly swarm: Admission;
  private readonly startedCpu = new Map<string, number>();
  private readonly running = new Set<string>();
  private readonly unacknowledged = new Set<string>();
  private readonly refused = new Set<string>();
  private readonly highest = new Map<string, number>();
  private readonly epochs = new Map<number, number>();
  private regionEpoch = 0;
  private draining = false;
  private closed = false;

  constructor(private readonly slots: number) {
    this.swarm = admission(slots, { cpu: 4 });
  }

  door(door: Door): void {
    if (door === 'drain') {
      this.draining = true;
      this.swarm.drain();
    } else if (door === 'reopen') {
      this.closed = false;
      this.swarm.reopen();
    } else {
      this.closed = true;
      this.swarm.close(door);
    }
  }

  ended(ref: AttemptRef): void {
    this.running.delete(toKey(ref));
    this.swarm.handlerEnded(ref);
  }

  acknowledged(ref: AttemptRef): void {
    this.unacknowledged.delete(toKey(ref));
    this.swarm.acknowledged(ref);
  }

  offer(given: Offer): void {
    const key = toKey(given);
    const older = [...this.running].filter((other) => other < key && other.startsWith(`${given.taskId}/`));
    const decision = this.swarm.offer(given);
    if (decision.outcome === 'refused') {
      expect(this.running.has(key)).toBe(false);
      this.refused.add(key);
    } else if (decision.start) {
      expect(decision.superseded).toHaveLength(older.length);
      this.start(given);
    } else expect(this.startedCpu.has(key)).toBe(true);
    this.highest.set(given.taskId, Math.max(given.attempt, this.highest.get(given.taskId) ?? 0));
  }

  check(): void {
    const { swarm, running, slots } = this;
    expect(swarm.busySlots).toBe(running.size);
    expect(swarm.freeSlots).toBe(this.draining || this.closed ? 0 : slots - running.size);
    expect(running.size).toBeLessThanOrEqual(slots);
    const cpu = [...running].reduce((sum, key) => sum + (this.startedCpu.get(key) ?? 0), 0);
    expect(cpu).toBeLessThanOrEqual(4);
    expect(swarm.resourcesUsed.cpu ?? 0).toBe(cpu);
    const held = new Set([...running, ...this.unacknowledged]);
    expect(new Set(swarm.held.map(toKey))).toEqual(held);
    expect(swarm.heldAttempts).toBe(held.size);
  }

  private start({ taskId, attempt, shard, epoch, regionEpoch, resources, handled }: Offer): void {
    const key = toKey({ taskId, attempt });
    expect(this.startedCpu.has(key) || this.refused.has(key)).toBe(false);
    expect(handled && !this.draining && !this.closed).toBe(true);
    expect(attempt).toBeGreaterThan(this.highest.get(taskId) ?? 0);
    expect(epoch).toBeGreaterThanOrEqual(this.epochs.get(shard) ?? 0);
    expect(regionEpoch ?? this.regionEpoch).toBeGreaterThanOrEqual(this.regionEpoch);
    this.epochs.set(shard, epoch);
    this.regionEpoch = regionEpoch ?? this.regionEpoch;
    this.startedCpu.set(key, resources.cpu ?? 0);
    this.running.add(key);
    this.unacknowledged.add(key);
  }
}

function toKey({ taskId, attempt }: AttemptRef): string {
  return `${taskId}/${attempt}`;
}

describe('admission, under any sequence of events', () => {
  const taskId = fc.constantFrom('a', 'b', 'c', 'd');
  const attempt = fc.integer({ min: 1, max: 4 });
  const anOffer = fc.record({
    kind: fc.constant('offer' as const),
    taskId,
    attempt,
    shard: fc.integer({ min: 0, max: 1 }),
    epoch: fc.integer({ min: 1, max: 3 }),
    regionEpoch: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    resources: fc.record({ cpu: fc.integer({ min: 0, max: 3 }) }),
    handled: fc.boolean(),
  });
  const kinds = ['ended', 'acknowledged'] as const;
  const step = fc.oneof(
    { weight: 6, arbitrary: anOffer },
    { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom(...kinds), taskId, attempt }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('door' as const), door: fc.constantFrom(...DOORS) }),
    },
  );

  test('starts each attempt once, never changes its mind, and stays within slots and resources', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 3 }), (steps, slots) => {
        const model = new Model(slots);
        for (const given of steps) {
          if (given.kind === 'door') model.door(given.door);
          else if (given.kind === 'offer') model.offer(given);
          else model[given.kind](given);
          model.check();
        }
      }),
      { numRuns: 500 },
    );
  });
});
