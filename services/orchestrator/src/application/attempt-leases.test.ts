import { ManualClock } from '@multiswarm/core';
import { AttemptLeases } from './attempt-leases';

const TIMES = { attemptLeaseMs: 10_000, regionTimeoutMs: 30_000, resendMs: 2_000 };

function leases(): {
  clock: ManualClock;
  leases: AttemptLeases;
  hear: (held: string[], epoch?: number) => void;
} {
  const clock = new ManualClock();
  const made = new AttemptLeases(TIMES, () => clock.monotonic());
  return {
    clock,
    leases: made,
    hear: (held, epoch = 1) =>
      void made.seen({ region: 'eu', epoch, held: held.map((taskId) => ({ taskId, attempt: 1 })) }),
  };
}

const ids = (lost: { taskId: string }[]): string[] => lost.map(({ taskId }) => taskId);

test('without a word of its region an attempt lives for the region timeout, and is lost once', () => {
  const { clock, leases: own } = leases();
  own.hold('a', 1, 'eu', false);
  clock.advance(29_999);
  expect(own.expired()).toEqual([]);
  clock.advance(1);
  expect(ids(own.expired())).toEqual(['a']);
  expect(own.expired()).toEqual([]);
});

test('a region that is heard and does not list an attempt loses it after the attempt lease', () => {
  const { clock, leases: own, hear } = leases();
  own.hold('a', 1, 'eu', false);
  own.hold('b', 1, 'eu', false);
  for (let passed = 0; passed < 10_000; passed += 2_000) {
    hear(['b']);
    clock.advance(2_000);
  }
  hear(['b']);
  expect(ids(own.expired())).toEqual(['a']);
});

test('a region that is cut off has not failed to list anything, however long its last word is ago', () => {
  const { clock, leases: own, hear } = leases();
  for (let passed = 0; passed < 20_000; passed += 2_000) {
    hear(['a']);
    clock.advance(2_000);
  }
  own.hold('a', 1, 'eu', false);
  clock.advance(4_000);
  hear(['a']);
  clock.advance(29_999);
  expect(own.expired()).toEqual([]);
  clock.advance(1);
  expect(own.expired()).toMatchObject([{ taskId: 'a', reason: 'no sign of life for 30000 ms' }]);
});

test('a region that was silent in between, or has a new coordinator, is given a full attempt lease again', () => {
  for (const interrupt of ['silence', 'coordinator']) {
    const { clock, leases: own, hear } = leases();
    own.hold('a', 1, 'eu', false);
    for (let step = 0; step < 4; step += 1) {
      hear([]);
      clock.advance(2_000);
    }
    if (interrupt === 'silence') clock.advance(6_000);
    for (let step = 0; step < 4; step += 1) {
      hear([], interrupt === 'coordinator' ? 2 : 1);
      clock.advance(2_000);
    }
    hear([], 2);
    expect(own.expired()).toEqual([]);
  }
});

test('a summary of an older coordinator says nothing', () => {
  const { clock, leases: own, hear } = leases();
  hear([], 2);
  own.hold('a', 1, 'eu', false);
  clock.advance(29_000);
  hear(['a'], 1);
  clock.advance(1_000);
  expect(ids(own.expired())).toEqual(['a']);
});

test('a sign of another attempt of the task is none, and a dropped attempt is not lost', () => {
  const { clock, leases: own } = leases();
  own.hold('a', 2, 'eu', false);
  own.hold('b', 1, 'eu', false);
  expect(own.seen({ region: 'eu', epoch: 1, held: [{ taskId: 'a', attempt: 1 }] })).toEqual([]);
  own.drop('a', 1);
  own.drop('b', 1);
  clock.advance(30_000);
  expect(ids(own.expired())).toEqual(['a']);
});

test('what nobody could have told us is no sign of death', () => {
  const { clock, leases: own } = leases();
  own.hold('a', 1, 'eu', false);
  clock.advance(29_999);
  own.refresh();
  clock.advance(29_999);
  expect(own.expired()).toEqual([]);
});

test('an attempt that was sent and not accepted is sent again, until it is accepted', () => {
  const { clock, leases: own } = leases();
  own.hold('a', 1, 'eu', true);
  clock.advance(1_999);
  expect(own.unaccepted()).toEqual([]);
  clock.advance(1);
  expect(own.unaccepted()).toEqual([{ taskId: 'a', attempt: 1 }]);
  expect(own.unaccepted()).toEqual([]);
  clock.advance(2_000);
  expect(own.unaccepted()).toHaveLength(1);
  own.accepted('a', 1, 'eu');
  clock.advance(2_000);
  expect(own.unaccepted()).toEqual([]);
});

test('what was given up and is listed all the same runs in vain at the swarm that had it', () => {
  const { leases: own } = leases();
  const listed = (...attempts: number[]) => ({ held: attempts.map((attempt) => ({ taskId: 'a', attempt })) });
  expect(own.listedInVain(listed(1))).toEqual([]);
  own.giveUp({ taskId: 'a', attempt: 1 }, 's1');
  expect(own.listedInVain(listed(1, 2))).toEqual([{ taskId: 'a', attempt: 1, swarmId: 's1' }]);
  expect(own.listedInVain(listed(2))).toEqual([]);
});

test('what is listed for a full lease and is not current runs in vain, whoever has given it up', () => {
  const { clock, leases: own } = leases();
  const ref = (attempt: number) => ({ taskId: 'a', attempt });
  const summary = { region: 'eu', epoch: 1, held: [ref(1), ref(2), { taskId: 'other', attempt: 1 }] };
  const strays = () => own.straysIn(summary, (taskId) => taskId === 'a');
  own.hold('a', 2, 'eu', false);
  expect(strays()).toEqual([]);
  clock.advance(TIMES.attemptLeaseMs - 1);
  expect(strays()).toEqual([]);
  clock.advance(1);
  expect(strays()).toEqual([ref(1)]);
  expect(strays()).toEqual([]); // it was told; again only after another lease
  clock.advance(TIMES.attemptLeaseMs);
  expect(strays()).toEqual([ref(1)]);
});

test('a coordinator of the past is told from the present one', () => {
  const { leases: own, hear } = leases();
  expect(own.isPast('eu', 1)).toBe(false);
  hear([], 2);
  expect([own.isPast('eu', 1), own.isPast('eu', 2), own.isPast('us', 1)]).toEqual([true, false, false]);
});
