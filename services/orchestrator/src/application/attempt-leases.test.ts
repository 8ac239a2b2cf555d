import { ManualClock } from '@multiswarm/core';
import { AttemptLeases } from './attempt-leases';

const TIMEOUT_MS = 30_000;

function leases(): { clock: ManualClock; held: AttemptLeases } {
  const clock = new ManualClock();
  return { clock, held: new AttemptLeases(TIMEOUT_MS, () => clock.monotonic()) };
}

test('an attempt is lost after a full period without a sign, once', () => {
  const { clock, held } = leases();
  held.hold({ taskId: 't1', attempt: 1 });
  clock.advance(TIMEOUT_MS - 1);
  expect(held.expired()).toEqual([]);
  clock.advance(1);
  expect(held.expired()).toEqual([{ taskId: 't1', attempt: 1 }]);
  expect(held.expired()).toEqual([]);
});

test('a sign of life of this very attempt gives it a new period, one of another attempt does not', () => {
  const { clock, held } = leases();
  held.hold({ taskId: 't1', attempt: 2 });
  held.hold({ taskId: 't2', attempt: 1 });
  clock.advance(TIMEOUT_MS - 1);
  held.seen([
    { taskId: 't1', attempt: 2 },
    { taskId: 't2', attempt: 9 },
    { taskId: 'unknown', attempt: 1 },
  ]);
  clock.advance(TIMEOUT_MS - 1);
  expect(held.expired()).toEqual([{ taskId: 't2', attempt: 1 }]);
  clock.advance(1);
  expect(held.expired()).toEqual([{ taskId: 't1', attempt: 2 }]);
});

test('a new attempt of a task replaces the older one, and one that ended is not lost', () => {
  const { clock, held } = leases();
  held.hold({ taskId: 't1', attempt: 1 });
  held.hold({ taskId: 't2', attempt: 1 });
  clock.advance(TIMEOUT_MS / 2);
  held.hold({ taskId: 't1', attempt: 2 });
  held.drop('t2');
  clock.advance(TIMEOUT_MS / 2);
  expect(held.expired()).toEqual([]);
  clock.advance(TIMEOUT_MS / 2);
  expect(held.expired()).toEqual([{ taskId: 't1', attempt: 2 }]);
});
