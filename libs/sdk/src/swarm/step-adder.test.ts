import { AddSteps, MultiswarmError, subjects, type AttemptDispatch } from '@multiswarm/contracts';
import { ManualClock, seededRandom } from '@multiswarm/core';
import { defineTask } from '../define-task';
import { StepAdder, type StepAdderOptions } from './step-adder';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const dispatch: AttemptDispatch = {
  ...{ taskId: 't0-00000001', attempt: 2, shard: 0, swarmId: 's', type: 'plan', namespace: 'acme' },
  ...{ priority: 'normal', input: {}, resources: {}, traceparent: TRACEPARENT },
  ...{ workflowId: 'w0-00000001', step: 'plan' },
};
const steps = { tasks: [{ id: 'write', task: defineTask({ type: 'write' }), input: 'a' }] };

/** An adder whose requests are answered by `reply`. */
function adderOf(reply: (call: number) => unknown = () => ({ id: 'w0-00000001' })) {
  const asked: { subject: string; body: unknown }[] = [];
  const stored: string[] = [];
  const clock = new ManualClock();
  const request = (async (subject: string, body: unknown) => {
    asked.push({ subject, body });
    return reply(asked.length);
  }) as unknown as StepAdderOptions['bus']['request']; // the type of the reply is that of the schema
  const payloads = {
    store: async (namespace: string, text: string) => {
      stored.push(namespace);
      return { id: 'p0-00000001', bytes: text.length } as never;
    },
  };
  const adder = new StepAdder({ bus: { request }, clock, random: seededRandom(1), payloads });
  const add = (
    of: AttemptDispatch,
    given: Parameters<StepAdder['add']>[1],
    signal = new AbortController().signal,
  ) => adder.add(of, given, signal, TRACEPARENT);
  return { add, asked, stored, clock };
}

test('steps go to the run of the attempt, in its name', async () => {
  const { add, asked } = adderOf();
  await add(dispatch, steps);
  expect(asked.map(({ subject }) => subject)).toEqual([subjects.workflow('add-steps')]);
  expect(AddSteps.parse(asked[0]?.body)).toMatchObject({
    id: 'w0-00000001',
    by: { taskId: 't0-00000001', attempt: 2 },
    tasks: [{ id: 'write', type: 'write', input: 'a' }],
    dependencies: {},
  });
});

test('a task that is no step has no run that could get steps', async () => {
  const { workflowId: _run, step: _step, ...alone } = dispatch;
  const { add, asked } = adderOf();
  await expect(add(alone, steps)).rejects.toMatchObject({ code: 'invalid-request' });
  expect(asked).toEqual([]);
});

test('what fails in passing is asked again, what does not is thrown', async () => {
  const { add, asked, clock } = adderOf((call) => {
    throw new MultiswarmError(call === 1 ? 'shard-unavailable' : 'wrong-state', 'no');
  });
  const added = add(dispatch, steps);
  added.catch(() => undefined);
  while (asked.length < 2) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
  await expect(added).rejects.toMatchObject({ code: 'wrong-state' });
  expect(asked).toHaveLength(2);
});

test('an aborted attempt adds nothing any more', async () => {
  const { add } = adderOf(() => new Promise(() => undefined));
  const controller = new AbortController();
  const added = add(dispatch, steps, controller.signal);
  controller.abort(new MultiswarmError('cancelled', 'enough'));
  await expect(added).rejects.toMatchObject({ code: 'cancelled' });
});

test('an input that is too large to travel goes by reference', async () => {
  const { add, asked, stored } = adderOf();
  await add(dispatch, { tasks: [{ id: 'write', type: 'write', input: 'x'.repeat(600_000) }] });
  expect(stored).toEqual(['acme']);
  expect(asked[0]?.body).toMatchObject({ tasks: [{ id: 'write', inputRef: { bytes: 600_002 } }] });
});
