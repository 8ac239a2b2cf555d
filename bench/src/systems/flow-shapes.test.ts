import { validateWorkflow } from '@multiswarm/workflow';
import { toSteps } from './flow-shapes';

test('in a chain each step waits for the one before', () => {
  expect(toSteps({ kind: 'chain', length: 3 })).toEqual({
    tasks: ['s0', 's1', 's2'].map((id) => ({ id, type: 'step' })),
    dependencies: { s1: ['s0'], s2: ['s1'] },
  });
});

test('in a fan-out the last step waits for all others, which wait for nothing', () => {
  const { tasks, dependencies } = toSteps({ kind: 'fan-out', width: 3 });
  expect(tasks).toHaveLength(4);
  expect(dependencies).toEqual({ s3: ['s0', 's1', 's2'] });
});

test('in layers each step waits for neighbours in the layer before, around the edge', () => {
  const { tasks, dependencies } = toSteps({ kind: 'layered', layers: 3, width: 3, fanIn: 2 });
  expect(tasks).toHaveLength(9);
  expect(dependencies).toMatchObject({ s3: ['s0', 's1'], s5: ['s2', 's0'], s8: ['s5', 's3'] });
  expect(Object.keys(dependencies)).toHaveLength(6);
});

test('10,000 steps in layers are a valid workflow that fits a message', () => {
  const workflow = toSteps({ kind: 'layered', layers: 1_000, width: 10, fanIn: 3 });
  expect(validateWorkflow(workflow)).toMatchObject({ ok: true });
  expect(JSON.stringify(workflow).length).toBeLessThan(1_000_000);
});
