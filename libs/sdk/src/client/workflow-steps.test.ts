import { Workflow } from '@multiswarm/contracts';
import type { Port } from './port';
import { withAllSteps } from './workflow-steps';

function part(ids: string[], nextStep?: number): Workflow {
  return Workflow.parse({
    ...{
      id: 'w0-1',
      namespace: 'default',
      state: 'succeeded',
      createdAt: '2026-01-01T00:00:00Z',
      counts: {},
    },
    ...{ cost: 0, metadata: {}, traceId: 'x', ...(nextStep === undefined ? {} : { nextStep }) },
    steps: ids.map((id) => ({
      ...{ id, taskId: `t0-${id}`, type: 'build', dependsOn: [], state: 'succeeded', attempt: 1, cost: 0 },
    })),
  });
}

test('the parts of a run are asked for one after the other, until all steps are there', async () => {
  const asked: unknown[] = [];
  const parts = new Map([
    [2, part(['c', 'd'], 4)],
    [4, part(['e'])],
  ]);
  const ask = (_operation: unknown, body: { stepsFrom: number }): Promise<Workflow> => {
    asked.push(body);
    return Promise.resolve(parts.get(body.stepsFrom) ?? part([]));
  };
  const whole = await withAllSteps({ ask } as unknown as Port, part(['a', 'b'], 2));
  expect(whole).toEqual(part(['a', 'b', 'c', 'd', 'e']));
  expect(asked).toEqual([2, 4].map((stepsFrom) => ({ id: 'w0-1', waitMs: 0, stepsFrom })));
});
