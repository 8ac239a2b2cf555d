import type { SchedulerChanges } from '@multiswarm/contracts';
import { SchedulerInbox } from './scheduler-inbox';

function changes(given: Partial<SchedulerChanges> = {}): SchedulerChanges {
  return {
    ...{ v: 1, replica: 'a', schedulerEpoch: 3, shard: 0, epoch: 1 },
    ...{ classes: [], queued: [], gone: [], held: [], released: [] },
    ...given,
  };
}

const FIRST = { first: true, last: true };
let taken: (number | undefined)[];
let inbox: SchedulerInbox;
beforeEach(() => {
  taken = [];
  inbox = new SchedulerInbox(3, {
    apply: ({ seq, snapshot }) => {
      if (taken.length === 0 && !snapshot) return 'unknown-shard';
      taken.push(seq);
      return 'ok';
    },
  });
});
const status = (given: Partial<SchedulerChanges>): string => inbox.take(changes(given)).status;

test('each message is taken once, and its repetition answered like it', () => {
  expect(['1', '1', '2', '1'].map((seq) => status({ seq: Number(seq), snapshot: FIRST }))).toEqual([
    'ok',
    'ok',
    'ok',
    'ok',
  ]);
  expect(taken).toEqual([1, 2]);
});

test('after a gap the shard has to begin again, and may go on from any number', () => {
  expect(status({ seq: 1, snapshot: FIRST })).toBe('ok');
  expect(status({ seq: 3 })).toBe('unknown-shard');
  expect(status({ seq: 4, snapshot: FIRST })).toBe('ok');
  expect(status({ seq: 5 })).toBe('ok');
  expect(status({ seq: 3 })).toBe('ok');
  expect(taken).toEqual([1, 4, 5]);
});

test('what the scheduler did not take is no repetition the next time', () => {
  expect(status({ seq: 1 })).toBe('unknown-shard');
  expect(status({ seq: 1, snapshot: FIRST })).toBe('ok');
});

test('messages of an earlier owner, or for another scheduler, are stale', () => {
  expect(status({ seq: 1, epoch: 2, snapshot: FIRST })).toBe('ok');
  expect(status({ seq: 2, epoch: 1 })).toBe('stale');
  expect(status({ seq: 2, epoch: 2, schedulerEpoch: 2 })).toBe('stale');
  expect(inbox.take(changes({ schedulerEpoch: 4 })).schedulerEpoch).toBe(3);
  expect(taken).toEqual([1]);
});

test('a new owner begins at one again', () => {
  expect(status({ seq: 9, epoch: 1, snapshot: FIRST })).toBe('ok');
  expect(status({ seq: 1, epoch: 2, snapshot: FIRST })).toBe('ok');
  expect(taken).toEqual([9, 1]);
});
