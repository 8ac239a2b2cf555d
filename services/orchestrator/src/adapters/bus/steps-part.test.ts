import { Workflow } from '@multiswarm/contracts';
import { jsonBytes } from '@multiswarm/core';
import { stepsPart } from './steps-part';

const STEPS = 10_000;
const run = Workflow.parse({
  ...{ id: 'w0-1', namespace: 'default', state: 'succeeded', createdAt: '2026-01-01T00:00:00Z', counts: {} },
  ...{ cost: 0, metadata: {}, traceId: 'x', output: { last: 1 } },
  steps: Array.from({ length: STEPS }, (_, index) => ({
    ...{
      id: `step-${index}`,
      taskId: `t0-${index}`,
      type: 'build',
      dependsOn: ['step-0'],
      state: 'succeeded',
    },
    ...{ attempt: 1, swarmId: 'a', region: 'r', cost: 0, endedAt: '2026-01-01T00:00:00Z' },
  })),
});

test('a run of thousands of steps goes in parts that a message carries, each step once and in its order', () => {
  const ids: string[] = [];
  let parts = 0;
  for (let from: number | undefined = 0; from !== undefined; parts += 1) {
    const part: Workflow = stepsPart(run, from);
    expect(jsonBytes(part)).toBeLessThan(600 * 1024);
    expect(part.output).toEqual(from === 0 ? { last: 1 } : undefined);
    ids.push(...part.steps.map(({ id }) => id));
    from = part.nextStep;
  }
  expect(ids).toEqual(run.steps.map(({ id }) => id));
  expect(parts).toBeGreaterThan(2);
});

test('a small run is as it was', () => {
  const small = { ...run, steps: run.steps.slice(0, 3) };
  expect(stepsPart(small)).toEqual(small);
});
