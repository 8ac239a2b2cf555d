import { GrantRequest, ReportReply, SchedulerChanges } from './index';

const from = { v: 1, replica: 'r1', schedulerEpoch: 1, shard: 0, epoch: 1 };

test('changes need to name only what changed', () => {
  expect(SchedulerChanges.parse({ ...from, gone: ['t0-1'] })).toEqual({
    ...from,
    classes: [],
    queued: [],
    gone: ['t0-1'],
    held: [],
    released: [],
  });
});

test.each(['replica', 'schedulerEpoch', 'shard', 'epoch'])('changes without %s are refused', (field) => {
  expect(SchedulerChanges.safeParse({ ...from, [field]: undefined }).success).toBe(false);
});

test('an epoch and an attempt begin with 1: 0 is nobody and nothing', () => {
  expect(SchedulerChanges.safeParse({ ...from, epoch: 0 }).success).toBe(false);
  expect(SchedulerChanges.safeParse({ ...from, schedulerEpoch: 0 }).success).toBe(false);
  expect(GrantRequest.safeParse({ v: 1, schedulerEpoch: 0, grants: [] }).success).toBe(false);
  expect(SchedulerChanges.safeParse({ ...from, released: [{ taskId: 't0-1', attempt: 0 }] }).success).toBe(
    false,
  );
});

test('an owner that fetches nothing answers a report as it always did', () => {
  expect(ReportReply.parse({ v: 1, acks: [] })).toEqual({ v: 1, acks: [], next: [] });
});
