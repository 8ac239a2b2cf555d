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
    for (const taskId of ['x', 'y', 'z']) swarm.offer(offer({ taskId, handled: false }));
    expect(swarm.offer(offer({ taskId: 'held' }))).toMatchObject({ outcome: 'accepted', start: false });
    expect(swarm.offer(offer({ taskId: 'x' }))).toMatchObject({ outcome: 'accepted', start: true });
  });
});

/** What must hold after any sequence of offers, ends, acknowledgements and drains. */
describe('admission, under any sequence of events', () => {
  const taskId = fc.constantFrom('a', 'b', 'c', 'd');
  const attempt = fc.integer({ min: 1, max: 4 });
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('offer' as const),
        taskId,
        attempt,
        shard: fc.integer({ min: 0, max: 1 }),
        epoch: fc.integer({ min: 1, max: 3 }),
        resources: fc.record({ cpu: fc.integer({ min: 0, max: 3 }) }),
        handled: fc.boolean(),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('ended' as const), taskId, attempt }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('acknowledged' as const), taskId, attempt }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain' as const) }) },
  );

  test('starts each attempt once, never changes its mind, and stays within slots and resources', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 3 }), (steps, slots) => {
        const swarm = admission(slots, { cpu: 4 });
        const startedCpu = new Map<string, number>();
        const running = new Set<string>();
        const unacknowledged = new Set<string>();
        const refused = new Set<string>();
        const highest = new Map<string, number>();
        const epochs = new Map<number, number>();
        let draining = false;
        for (const given of steps) {
          if (given.kind === 'drain') {
            draining = true;
            swarm.drain();
            continue;
          }
          const key = `${given.taskId}/${given.attempt}`;
          if (given.kind === 'ended') {
            running.delete(key);
            swarm.handlerEnded(given);
          } else if (given.kind === 'acknowledged') {
            unacknowledged.delete(key);
            swarm.acknowledged(given);
          } else {
            const older = [...running].filter((other) => other < key && other.startsWith(`${given.taskId}/`));
            const decision = swarm.offer(given);
            const started = decision.outcome === 'accepted' && decision.start;
            if (started) {
              expect(startedCpu.has(key) || refused.has(key) || draining || !given.handled).toBe(false);
              expect(given.attempt).toBeGreaterThan(highest.get(given.taskId) ?? 0);
              expect(given.epoch).toBeGreaterThanOrEqual(epochs.get(given.shard) ?? 0);
              expect(decision.superseded).toHaveLength(older.length);
              startedCpu.set(key, given.resources.cpu);
              running.add(key);
              unacknowledged.add(key);
            } else if (decision.outcome === 'accepted') expect(startedCpu.has(key)).toBe(true);
            else {
              if (running.has(key)) throw new Error(`refused ${key}, which runs here`);
              refused.add(key);
            }
            highest.set(given.taskId, Math.max(given.attempt, highest.get(given.taskId) ?? 0));
            if (started) epochs.set(given.shard, Math.max(given.epoch, epochs.get(given.shard) ?? 0));
          }
          expect(swarm.busySlots).toBe(running.size);
          expect(running.size).toBeLessThanOrEqual(slots);
          expect(
            [...running].reduce((sum, other) => sum + (startedCpu.get(other) ?? 0), 0),
          ).toBeLessThanOrEqual(4);
          const held = new Set([...running, ...unacknowledged]);
          expect(new Set(swarm.held.map((ref) => `${ref.taskId}/${ref.attempt}`))).toEqual(held);
        }
      }),
      { numRuns: 500 },
    );
  });
});
