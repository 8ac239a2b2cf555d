import { LIMITS } from '@multiswarm/contracts';
import { seededRandom } from '@multiswarm/core';
import { placement, spec } from '../../../test/support/builders';
import { WatchedTask } from '../../../test/support/watched-task';
import { REFUSAL_BACKOFF, REFUSALS_AT_ONCE } from './placing';
import { swarmsToAvoid } from './record';

function refuse(task: WatchedTask): void {
  task.assign();
  task.give({ kind: 'refused', attempt: task.record.attempt, reason: 'full' });
  if (task.record.state !== 'backoff') return;
  task.now = task.record.retryAt ?? 0;
}

test('a grant for another attempt than the next one changes nothing', () => {
  const task = new WatchedTask(spec());
  for (const attempt of [0, 2])
    expect(task.give({ kind: 'assign', attempt, placement: placement() })).toBeUndefined();
  expect(task.give({ kind: 'assign', attempt: 1, placement: placement() })?.effects).toEqual([
    { kind: 'dispatch' },
  ]);
});

test('a grant that comes when the time for a start is over changes nothing', () => {
  const task = new WatchedTask(spec({ timeouts: { scheduleToStartMs: 100 } }));
  task.now += 100;
  expect(task.give({ kind: 'assign', attempt: 1, placement: placement() })).toBeUndefined();
  task.give({ kind: 'due' });
  expect(task.record).toMatchObject({ state: 'expired', error: { code: 'schedule-to-start-timeout' } });
});

test('the attempt is where the coordinator has sent it in the end, at the price of that swarm', () => {
  const task = new WatchedTask(spec());
  task.assign(placement({ swarmId: 'a', costPerSlotHour: 1 }));
  const elsewhere = placement({ swarmId: 'b', region: 'us-east', reservationId: 'r2', costPerSlotHour: 8 });
  const moved = task.give({ kind: 'accepted', attempt: 1, placement: elsewhere });
  expect(moved?.effects).toMatchObject([
    { kind: 'replaced', attempt: { swarmId: 'a', reservationId: 'r1' } },
  ]);
  const { swarmId, region, reservationId, costPerSlotHour, receipt } = elsewhere;
  expect(task.record.attempts).toEqual([
    {
      attempt: 1,
      assignedAt: task.now,
      startedAt: task.now,
      swarmId,
      region,
      reservationId,
      costPerSlotHour,
      receipt,
    },
  ]);
  task.now += 3_600_000;
  task.give({ kind: 'lost', attempt: 1, reason: 'gone' });
  expect(task.record.cost).toBeCloseTo(8, 9);
});

test('a swarm that has accepted is told what was told to the one that had the attempt before', () => {
  const task = new WatchedTask(spec());
  task.give({ kind: 'signal', signal: { name: 'early', payload: 1, at: task.now } });
  task.now += 1;
  task.assign(placement({ swarmId: 'a' }));
  task.give({ kind: 'signal', signal: { name: 'late', payload: 1, at: task.now } });
  task.give({ kind: 'cancel', reason: 'enough' });
  const next = task.give({ kind: 'accepted', attempt: 1, placement: placement({ swarmId: 'b' }) });
  expect(next?.effects).toEqual([
    { kind: 'replaced', attempt: expect.objectContaining({ attempt: 1, swarmId: 'a' }) },
    { kind: 'signal-attempt', attempt: 1, swarmId: 'b', region: 'eu-west' },
    { kind: 'cancel-attempt', attempt: 1, swarmId: 'b', region: 'eu-west', reason: 'enough' },
  ]);
});

test('a swarm that has accepted is not told again what the dispatch had with it', () => {
  const task = new WatchedTask(spec());
  task.give({ kind: 'signal', signal: { name: 'early', payload: 1, at: task.now } });
  task.now += 1;
  task.assign();
  expect(task.give({ kind: 'accepted', attempt: 1 })?.effects).toEqual([]);
});

test('a refusal is put back with the swarm that refused, so that another is tried', () => {
  const task = new WatchedTask(spec());
  task.assign(placement({ swarmId: 'a' }));
  const next = task.give({ kind: 'refused', attempt: 1, reason: 'full' });
  expect(next?.effects).toContainEqual({ kind: 'enqueue' });
  expect(swarmsToAvoid(task.record)).toEqual(['a']);
});

test('of several that have refused it the last one is named, as the reason is its own; all are to be avoided', () => {
  const task = new WatchedTask(spec());
  task.assign(placement({ swarmId: 'a' }));
  const refusedBy = ['a', 'b', 'c'];
  const next = task.give({ kind: 'refused', attempt: 1, reason: 'full', refusedBy });
  expect(next?.events[0]).toEqual({
    type: 'task.refused',
    swarmId: 'c',
    data: { reason: 'full', refusedBy },
  });
  // The reservation of the first one is what comes back: those of the others are their coordinator's.
  expect(next?.effects[0]).toMatchObject({ kind: 'give-back', attempt: { swarmId: 'a' } });
  expect(task.record.attempts).toMatchObject([{ swarmId: 'a', refusedBy }]);
  expect(swarmsToAvoid(task.record)).toEqual(refusedBy);
});

test('what was lost with swarms, one after the other, goes elsewhere, also after the pauses; what agents have ended goes anywhere', () => {
  const task = new WatchedTask(spec());
  for (const swarmId of ['a', 'b', 'a']) {
    task.assign(placement({ swarmId }));
    task.give({ kind: 'lost', attempt: task.record.attempt, reason: 'gone' });
    task.now = task.due ?? task.now;
    task.give({ kind: 'due' });
  }
  expect(swarmsToAvoid(task.record)).toEqual(['a', 'b']);
  for (const swarmId of ['c', 'd']) {
    task.assign(placement({ swarmId }));
    task.give({ kind: 'refused', attempt: task.record.attempt, reason: 'full' });
  }
  expect(swarmsToAvoid(task.record)).toEqual(['d', 'a', 'b']);
  task.run();
  expect(swarmsToAvoid(task.record)).toEqual([]);
  task.fail();
  expect(swarmsToAvoid(task.record)).toEqual([]);
});

test('an attempt that was refused never began, and costs nothing', () => {
  const task = new WatchedTask(spec());
  task.assign();
  task.now += 3_600_000;
  task.give({ kind: 'refused', attempt: 1, reason: 'full' });
  expect(task.record.cost).toBe(0);
  expect(task.record.attempts[0]).toMatchObject({ startedAt: undefined });
});

test('a task that is refused again and again waits longer each time, within the spread', () => {
  const task = new WatchedTask(spec(), seededRandom(7));
  const waits: number[] = [];
  for (let refusal = 1; refusal <= 14; refusal += 1) {
    const before = task.now;
    refuse(task);
    waits.push(task.now - before);
    task.give({ kind: 'due' });
  }
  const { initialMs, factor, maxMs, jitter } = REFUSAL_BACKOFF;
  const exact = waits.map((_, index) =>
    index < REFUSALS_AT_ONCE ? 0 : Math.min(maxMs, initialMs * factor ** (index - REFUSALS_AT_ONCE)),
  );
  expect(waits.slice(0, REFUSALS_AT_ONCE)).toEqual([0, 0]);
  waits.forEach((waited, index) => {
    expect(waited).toBeGreaterThanOrEqual(Math.floor((exact[index] ?? 0) * (1 - jitter)));
    expect(waited).toBeLessThanOrEqual(Math.ceil((exact[index] ?? 0) * (1 + jitter)));
  });
  expect(new Set(waits.slice(-3)).size).toBe(3);
});

test('once a swarm has accepted, refusals are counted anew', () => {
  const task = new WatchedTask(spec());
  for (let refusal = 1; refusal <= REFUSALS_AT_ONCE; refusal += 1) refuse(task);
  task.assign();
  task.give({ kind: 'accepted', attempt: task.record.attempt });
  task.give({ kind: 'lost', attempt: task.record.attempt, reason: 'gone' });
  refuse(task);
  expect(task.record.state).toBe('queued');
});

test('a record keeps the latest attempts only, but numbers them all', () => {
  const task = new WatchedTask(spec());
  for (let refusal = 1; refusal <= LIMITS.ATTEMPT_HISTORY + 5; refusal += 1) {
    task.give({ kind: 'due' });
    refuse(task);
  }
  expect(task.record.attempt).toBe(LIMITS.ATTEMPT_HISTORY + 5);
  expect(task.record.attempts.map(({ attempt }) => attempt)).toEqual(
    Array.from({ length: LIMITS.ATTEMPT_HISTORY }, (_, index) => index + 6),
  );
});
