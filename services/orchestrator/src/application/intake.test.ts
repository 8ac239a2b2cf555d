import { AddStepsRequest, LIMITS, MultiswarmError, shardOf } from '@multiswarm/contracts';
import { ManualClock, seededIds, seededRandom } from '@multiswarm/core';
import { TRACEPARENT } from '../../test/support/builders';
import { Intake, type NewRun, type NewTask } from './intake';

const SHARDS = 8;

function intake(seed = 1): Intake {
  const clock = new ManualClock();
  return new Intake(SHARDS, seededIds(clock, seededRandom(seed)), seededRandom(seed), clock, (namespace) =>
    namespace === 'capped' ? 'normal' : undefined,
  );
}

const task = (body: Record<string, unknown>, seed = 1): NewTask =>
  intake(seed).task({ type: 'build', ...body }, TRACEPARENT);
const run = (body: Record<string, unknown>, seed = 1): NewRun => intake(seed).workflow(body, TRACEPARENT);

function faultOf(action: () => unknown): MultiswarmError {
  try {
    action();
  } catch (error) {
    if (error instanceof MultiswarmError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('an id names the shard that the task goes to, and all shards get their share', () => {
  const one = intake();
  const tasks = Array.from({ length: 400 }, () => one.task({ type: 'build' }, TRACEPARENT));
  for (const { id, shard } of tasks) expect(shardOf(id, SHARDS)).toBe(shard);
  expect(new Set(tasks.map(({ id }) => id)).size).toBe(400);
  const perShard = Array.from({ length: SHARDS }, (_, n) => tasks.filter(({ shard }) => shard === n).length);
  expect(Math.min(...perShard)).toBeGreaterThan(20);
});

test('the same key meets the same id on any replica; namespace and kind keep keys apart', () => {
  const key = { idempotencyKey: 'order-1' };
  const same = task(key, 1);
  expect(task(key, 2)).toMatchObject({ id: same.id, shard: same.shard, keyed: true });
  expect(task({ ...key, namespace: 'other' }).id).not.toBe(same.id);
  expect(task({ idempotencyKey: 'order-2' }).id).not.toBe(same.id);
  expect(run({ ...key, tasks: [{ id: 'a', type: 'build' }] }).record.id.slice(3)).not.toBe(same.id.slice(3));
  expect(task({}).keyed).toBe(false);
});

test('the order of fields does not make another body, a value does, and the key is no part of it', () => {
  const hash = (body: Record<string, unknown>): string | undefined =>
    task({ idempotencyKey: 'k', ...body }).spec.bodyHash;
  expect(hash({ input: { a: 1, b: { c: 2, d: 3 } } })).toBe(hash({ input: { b: { d: 3, c: 2 }, a: 1 } }));
  expect(hash({ input: { a: 1 } })).not.toBe(hash({ input: { a: 2 } }));
  expect(hash({ input: [1, 2] })).not.toBe(hash({ input: [2, 1] }));
  expect(hash({ idempotencyKey: 'k1' })).toBe(hash({ idempotencyKey: 'k2' }));
});

test('the input is measured in bytes, and the limit is the last size that is allowed', () => {
  const overhead = 2;
  expect(() => task({ input: 'x'.repeat(LIMITS.TASK_INPUT_BYTES - overhead) })).not.toThrow();
  const fault = faultOf(() => task({ input: 'x'.repeat(LIMITS.TASK_INPUT_BYTES - overhead + 1) }));
  expect(fault).toMatchObject({ code: 'input-too-large', findings: [{ pointer: '/input' }] });
  expect(faultOf(() => task({ input: 'é'.repeat(LIMITS.TASK_INPUT_BYTES / 2) })).code).toBe(
    'input-too-large',
  );
  const big = { id: 'b', type: 'build', input: { text: 'x'.repeat(LIMITS.TASK_INPUT_BYTES) } };
  const inStep = faultOf(() => run({ tasks: [{ id: 'a', type: 'build' }, big] }));
  expect(inStep.findings[0]?.pointer).toBe('/tasks/1/input');
});

test('all faults of a task are told at once, each with its place', () => {
  const fault = faultOf(() =>
    intake().task({ type: 'no good', priority: 'urgent', colour: 'red' }, TRACEPARENT),
  );
  expect(fault.code).toBe('invalid-request');
  expect(fault.findings.map(({ pointer }) => pointer).sort()).toEqual(['/colour', '/priority', '/type']);
});

test('steps live in the shard of their run, know it, and take its priority unless they name one', () => {
  const { record, shard, steps } = run({
    name: 'release',
    priority: 'high',
    tasks: [
      { id: 'a', type: 'build' },
      { id: 'b', type: 'test', priority: 'low' },
    ],
    dependencies: { b: ['a'] },
  });
  expect(steps.map(({ spec }) => spec)).toMatchObject([
    { workflowId: record.id, step: 'a', priority: 'high', traceparent: TRACEPARENT },
    { workflowId: record.id, step: 'b', priority: 'low' },
  ]);
  for (const { id } of steps) expect(shardOf(id, SHARDS)).toBe(shard);
  expect(record.spec.steps).toMatchObject([
    { id: 'a', dependsOn: [] },
    { id: 'b', dependsOn: ['a'] },
  ]);
});

test('a step may be called as anything that objects have by birth', () => {
  const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'isPrototypeOf'];
  const { record } = run({
    tasks: names.map((id) => ({ id, type: 'build' })),
    dependencies: { valueOf: ['toString'] },
  });
  expect(record.spec.steps.map(({ id, dependsOn }) => [id, dependsOn])).toEqual(
    names.map((id) => [id, id === 'valueOf' ? ['toString'] : []]),
  );
});

test('graph faults are told beside faults of the schema', () => {
  const fault = faultOf(() =>
    run({
      tasks: [
        { id: 'a', type: 'build', colour: 'red' },
        { id: 'b', type: 'build' },
      ],
      dependencies: { a: ['b'], b: ['a', 'ghost'] },
    }),
  );
  expect(fault.code).toBe('invalid-workflow');
  expect(fault.findings.map(({ code }) => code).sort()).toEqual([
    'cycle',
    'unknown-dependency',
    'unknown-field',
  ]);
});

test('a namespace may cap the priority: more becomes the ceiling, less stays', () => {
  const priorityOf = (namespace: string, priority: string): string =>
    task({ namespace, priority }).spec.priority;
  expect(priorityOf('capped', 'critical')).toBe('normal');
  expect(priorityOf('capped', 'low')).toBe('low');
  expect(priorityOf('free', 'critical')).toBe('critical');
  const { steps } = run({ namespace: 'capped', tasks: [{ id: 'a', type: 'build', priority: 'high' }] });
  expect(steps[0]?.spec.priority).toBe('normal');
});

test('the order grows with every submission, also within one millisecond', () => {
  const one = intake();
  const orders = Array.from({ length: 3_000 }, () => one.task({ type: 'build' }, TRACEPARENT).order);
  expect(orders).toEqual([...orders].sort((a, b) => a - b));
  expect(new Set(orders).size).toBe(3_000);
});

test('a rerun is the same work under an id of its own, and says of what it is a copy', () => {
  const of = task({
    input: { n: 1 },
    idempotencyKey: 'k',
    notBefore: '2030-01-01T00:00:00Z',
    limitKeys: ['api'],
  });
  const again = intake(2).rerun(of, undefined, TRACEPARENT);
  expect(again.id).not.toBe(of.id);
  expect(again.keyed).toBe(false);
  expect(again.spec).toMatchObject({ input: { n: 1 }, limitKeys: ['api'], rerunOf: of.id });
  expect(again.spec).not.toHaveProperty('idempotencyKey');
  expect(again.spec).not.toHaveProperty('notBefore');
  const [first, second] = [1, 2].map((seed) => intake(seed).rerun(of, 'again', TRACEPARENT));
  expect(second?.id).toBe(first?.id);
  expect(second?.spec.bodyHash).toBe(first?.spec.bodyHash);
});

test('steps that are added to a run are held to the same limits as those of a workflow', () => {
  const added = (step: Record<string, unknown>): unknown =>
    intake().added(AddStepsRequest.parse({ tasks: [{ id: 'a', type: 'build', ...step }] }), 'default');
  expect(added({ input: { n: 1 } })).toMatchObject({ tasks: [{ id: 'a', input: { n: 1 } }] });
  const large = faultOf(() => added({ input: 'x'.repeat(LIMITS.TASK_INPUT_BYTES) }));
  expect(large).toMatchObject({ code: 'input-too-large', findings: [{ pointer: '/tasks/0/input' }] });
  const late = faultOf(() => added({ timeouts: { deadline: '1960-01-01T00:00:00.000Z' } }));
  expect(late).toMatchObject({
    code: 'invalid-request',
    findings: [{ pointer: '/tasks/0/timeouts/deadline' }],
  });
});
