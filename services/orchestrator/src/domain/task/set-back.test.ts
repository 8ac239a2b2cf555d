import { seededRandom } from '@multiswarm/core';
import { placement, queuedTask } from '../../../test/support/builders';
import type { TaskRecord } from './record';
import { interrupted, raised } from './set-back';
import { transition } from './transition';

const random = seededRandom(1);
const BASE = 1_000;

function placed(record: TaskRecord): TaskRecord {
  const next = transition(
    record,
    { kind: 'assign', placement: placement(), attempt: record.attempt + 1 },
    5,
    random,
  );
  if (!next) throw new Error('it is not placed');
  return next.record;
}

test('the next attempt of a task gets a number that nobody can have used', () => {
  const waits = queuedTask('t0-00000001');
  const again = raised(waits, BASE);
  expect(
    transition(again, { kind: 'assign', placement: placement(), attempt: 1 }, 5, random),
  ).toBeUndefined();
  expect(placed(again).attempt).toBe(BASE + 1);
  expect(raised(placed(again), BASE + 1).attempt).toBe(BASE + 1);
});

test('a current attempt is left alone until it is ended, and then it is no loss that counts', () => {
  const current = { ...placed(queuedTask('t0-00000001')), losses: 5, lossesInARow: 2 };
  expect(raised(current, BASE)).toBe(current);
  const { record, events, effects } = interrupted(current, BASE, 9, random);
  expect(record).toMatchObject({ state: 'queued', attempt: BASE, losses: 5, lossesInARow: 2 });
  expect(record.attempts).toMatchObject([{ attempt: 1, outcome: 'lost' }]);
  expect(events.map(({ type }) => type)).toEqual(['task.lost', 'task.queued']);
  expect(effects.map(({ kind }) => kind)).toEqual(['give-back', 'enqueue']);
  expect(placed(record).attempt).toBe(BASE + 1);
});

test('a task whose cancellation was asked for ends as cancelled', () => {
  const current = { ...placed(queuedTask('t0-00000001')), cancel: { at: 6, reason: 'x' } };
  expect(interrupted(current, BASE, 9, random).record).toMatchObject({ state: 'cancelled', attempt: BASE });
});
