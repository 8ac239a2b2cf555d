import { validateWorkflow } from '@multiswarm/workflow';
import { planReplay, toSubmission } from './plan';

const hour = 3_600_000;
const steps = [
  { holdMs: hour, parents: [] },
  { holdMs: 2 * hour, parents: [0] },
  { holdMs: 1, parents: [0] },
];

test('hours become seconds, in whole milliseconds, of which the schedules are made', () => {
  const replay = planReplay({ name: 'slow', steps }, 8, false);
  expect(replay.steps.map(({ holdMs }) => holdMs)).toEqual([2_000, 4_000, 0]);
  expect(replay).toMatchObject({ boundMs: 6_000, listMs: 6_000, fifoMs: 6_000 });
});

test('a replay is longer where there are many steps, within a limit', () => {
  const many = (count: number) => Array.from({ length: count }, () => ({ holdMs: 100, parents: [] }));
  expect(planReplay({ name: 'many', steps: many(4_000) }, 8, false).listMs).toBe(12_000);
  expect(planReplay({ name: 'most', steps: many(10_000) }, 8, false).listMs).toBeLessThanOrEqual(20_000);
});

test('what is submitted is valid, and its estimates are what is held', () => {
  const submission = toSubmission(steps);
  expect(validateWorkflow(submission)).toMatchObject({ ok: true });
  expect(submission.tasks.map(({ estimateMs }) => estimateMs)).toEqual([hour, 2 * hour, 1]);
  expect(submission.dependencies).toEqual({ s1: ['s0'], s2: ['s0'] });
});
