import type { WorkflowState } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { MemoryScheduleStore } from '../../test/support/memory-schedule-store';
import { newState } from '../domain/schedule/schedule';
import type { ScheduleChecks } from './schedule-checks';
import { Schedules } from './schedules';

test('a list tells of no run that has ended, also before whoever schedules has noted that', async () => {
  const clock = new ManualClock();
  const store = new MemoryScheduleStore();
  const states = new Map<string, WorkflowState>([
    ['w0-1', 'running'],
    ['w0-2', 'succeeded'],
  ]);
  const schedules = new Schedules({
    ...{ store, clock, logger: { info: () => undefined }, checks: {} as ScheduleChecks }, // nothing is made here
    runs: { state: (id) => Promise.resolve(states.get(id)) },
    ...{ runIdOf: () => '', changed: () => undefined },
  });
  const running = ['w0-1', 'w0-2', 'w0-3'].map((id, at) => ({ id, at }));
  const body = { cron: '* * * * *', timeZone: 'UTC', overlap: 'allow' as const, jitterMs: 0, catchUpMs: 0 };
  const made = { workflow: { definition: 'report' }, createdAt: '', updatedAt: '', requestedBy: 'ann' };
  const state = { ...newState(clock.now()), running };
  await store.create({ namespace: 'shop', name: 'report', body: { ...body, ...made }, state }, undefined);
  const { items } = await schedules.list({ limit: 10 });
  expect(items.map((item) => item.running.map(({ workflowId }) => workflowId))).toEqual([['w0-1']]);
});
