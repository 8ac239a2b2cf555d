import { RUN, RunDriver } from '../../../test/support/run-driver';
import { resultView, workflowView } from './view';

test('a result is the view of the run without its steps and its input, whatever came out of it', () => {
  const driver = new RunDriver();
  const outputRef = { id: `default.${'a'.repeat(64)}`, bytes: 300_000 };
  driver.submit({
    tasks: ['a', 'b', 'c'].map((id) => ({ id, type: 'build' })),
    dependencies: { b: ['a'], c: ['a'] },
    input: { n: 1 },
  });
  driver.finish('a');
  driver.finish('b', { outputRef });
  driver.finish('c', { output: { made: 'c' } });
  const tasks = new Map(driver.allTasks().map((task) => [task.id, task]));
  const { input: _given, ...whole } = workflowView(driver.run(RUN), tasks);
  expect(resultView(driver.run(RUN), tasks)).toEqual({ ...whole, steps: [] });
  expect(whole).toMatchObject({
    state: 'succeeded',
    output: { c: { made: 'c' } },
    outputRefs: { b: outputRef },
  });
});
