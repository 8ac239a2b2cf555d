import { MultiswarmError, type JsonValue, type Task, type Workflow } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { WorkflowControl } from './workflow-control';

/** Of a run that has ended, in which dana has approved `ask`. */
function control(output: JsonValue): WorkflowControl {
  const refused = () => Promise.reject(new MultiswarmError('wrong-state', 'w0-1 has ended'));
  const steps = [
    { id: 'ask', taskId: 't0-1', control: 'approval' },
    { id: 'build', taskId: 't0-2' },
  ];
  return new WorkflowControl(
    { tellWorkflow: refused, addSteps: refused, forkWorkflow: refused },
    {
      // Only what is looked at.
      workflow: () => Promise.resolve({ id: 'w0-1', state: 'succeeded', steps } as unknown as Workflow),
      task: () => Promise.resolve({ output } as unknown as Task),
      earlierRun: refused,
    },
    new ManualClock(),
  );
}

test('an answer that an approval has already is answered like the first time when the run has ended, another one is not', async () => {
  const runs = control({ approved: true, by: 'dana', note: null, at: 'x' });
  const given = { id: 'w0-1', step: 'ask', approved: true, requestedBy: 'dana' };
  expect(await runs.approve(given)).toMatchObject({ id: 'w0-1', state: 'succeeded' });
  const stands = 'the step "ask" was approved by dana already: that stands';
  await expect(runs.approve({ ...given, approved: false })).rejects.toThrow(stands);
  await expect(runs.approve({ ...given, requestedBy: 'kim' })).rejects.toThrow(stands);
  await expect(runs.approve({ ...given, step: 'build' })).rejects.toThrow('w0-1 has ended');
});

test('an approval that nobody has answered stays so when the run has ended', async () => {
  const runs = control(null);
  const given = { id: 'w0-1', step: 'ask', approved: true, requestedBy: 'dana' };
  await expect(runs.approve(given)).rejects.toThrow('w0-1 has ended');
});
