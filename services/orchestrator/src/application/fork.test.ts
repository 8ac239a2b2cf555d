import { ManualClock, seededIds, seededRandom } from '@multiswarm/core';
import type { RerunWorkflowRequest } from '@multiswarm/contracts';
import { placement, TRACEPARENT } from '../../test/support/builders';
import { RUN, RunDriver } from '../../test/support/run-driver';
import type { TaskRecord } from '../domain/task/record';
import { Intake } from './intake';

const clock = new ManualClock(0);
const intake = new Intake(1, seededIds(clock, seededRandom(1)), seededRandom(2), clock, () => undefined);

/** A run of the driver, repeated: as the gateway builds it and the owner takes it in. */
function fork(
  driver: RunDriver,
  asked: Pick<RerunWorkflowRequest, 'from' | 'input'> = {},
  succeededThen?: Set<string>,
  of = RUN,
): string {
  const tasks = new Map(driver.allTasks().map((task) => [task.id, task]));
  const made = intake.fork({ run: driver.run(of), tasks, succeededThen }, asked, TRACEPARENT);
  const kept = new Map(
    Object.entries(made.kept ?? {}).map(([step, id]): [string, TaskRecord] => [
      step,
      tasks.get(id) as TaskRecord,
    ]),
  );
  driver.change((state, change) => state.addRun(made, change, kept));
  return made.record.id;
}

const diamond = {
  tasks: ['a', 'b', 'c', 'd'].map((id) => ({ id, type: 'build' })),
  dependencies: { b: ['a'], c: ['a'], d: ['b', 'c'] },
};

let driver: RunDriver;
beforeEach(() => {
  driver = new RunDriver();
  driver.submit(diamond);
});

test('a rerun of the whole runs everything once more, and leaves the earlier run as it is', () => {
  driver.finishAll();
  const before = JSON.stringify(driver.run());
  const again = fork(driver);
  expect(driver.run(again).spec.forkOf).toEqual({ workflowId: RUN, from: 'the beginning' });
  expect(driver.finishAll()).toEqual(['a', 'b', 'c', 'd']);
  expect(driver.run(again).state).toBe('succeeded');
  expect(JSON.stringify(driver.run())).toBe(before);
});

test('a rerun from a step keeps what is not behind it, with its outputs, at no cost', () => {
  driver.finishAll((step) => ({ output: `first ${step}` }));
  const again = fork(driver, { from: { steps: ['b'] } });
  expect(driver.states(again)).toEqual({ a: 'succeeded', b: 'queued', c: 'succeeded', d: 'blocked' });
  expect(driver.task('a', again)).toMatchObject({ output: 'first a', cost: 0, attempt: 0 });
  expect(driver.finishAll((step) => ({ output: `second ${step}` }))).toEqual(['b', 'd']);
  expect(driver.task('d', again).output).toBe('second d');
  expect(driver.run(again).spec.steps.find(({ id }) => id === 'a')?.keptFrom).toBe(driver.task('a').id);
});

test('a rerun of what failed keeps what has succeeded, and gives the steps behind it what that had made', () => {
  driver.finish('a', { output: 1 });
  driver.finish('b', { fails: 'no' });
  driver.finish('c', { output: 3 });
  const again = fork(driver, { from: { failed: true } });
  expect(driver.states(again)).toEqual({ a: 'succeeded', b: 'queued', c: 'succeeded', d: 'blocked' });
  driver.finish('b', { output: 2 }, again);
  expect(driver.input('d', again)).toEqual({ upstream: { b: 2, c: 3 } });
});

test('a fork from a point of the history keeps what had succeeded then', () => {
  driver.finishAll();
  const again = fork(driver, { from: { event: 12 } }, new Set(['a']));
  expect(driver.states(again)).toEqual({ a: 'succeeded', b: 'queued', c: 'queued', d: 'blocked' });
});

test('a fork of a fork keeps on, and one of everything has ended at once', () => {
  driver.finishAll((step) => ({ output: step }));
  const again = fork(driver, { from: { failed: true } });
  expect(driver.run(again).state).toBe('succeeded');
});

test('what was undone is run again, whatever it had made', () => {
  const undone = new RunDriver();
  undone.submit({
    tasks: [
      { id: 'book', type: 'build', compensate: { type: 'undo' } },
      { id: 'pay', type: 'build' },
    ],
    dependencies: { pay: ['book'] },
  });
  undone.finish('book');
  undone.finish('pay', { fails: 'no' });
  undone.finish('undo:book');
  expect(undone.run().state).toBe('failed');
  const again = fork(undone, { from: { failed: true } });
  expect(undone.states(again)).toEqual({ book: 'queued', pay: 'blocked' });
});

test('what a run may still undo is run again, as long as that run goes on', () => {
  const booked = new RunDriver();
  booked.submit({
    tasks: [
      { id: 'look', type: 'build' },
      { id: 'book', type: 'build', compensate: { type: 'undo' } },
      { id: 'tell', type: 'build' },
      { id: 'pay', type: 'build' },
    ],
    dependencies: { book: ['look'], tell: ['look'], pay: ['book'] },
  });
  for (const step of ['look', 'book', 'tell']) booked.finish(step);
  const meanwhile = fork(booked, { from: { failed: true } });
  const done = { look: 'succeeded', tell: 'succeeded' };
  expect(booked.states(meanwhile)).toEqual({ ...done, book: 'queued', pay: 'blocked' });
  booked.finish('pay');
  const afterwards = fork(booked, { from: { steps: ['pay'] } });
  expect(booked.states(afterwards)).toEqual({ ...done, book: 'succeeded', pay: 'queued' });
  // What it has kept it does not undo: so it may be kept once more, while that fork goes on.
  const further = fork(booked, { from: { failed: true } }, undefined, afterwards);
  expect(booked.states(further)['book']).toBe('succeeded');
});

test('the result of a map is kept whole, and the items of one that runs again are made again', () => {
  const mapped = new RunDriver();
  mapped.submit({
    tasks: [
      { id: 'each', type: 'build', map: { over: '$.run.input' } },
      { id: 'sum', type: 'build' },
    ],
    dependencies: { sum: ['each'] },
    input: [1, 2],
  });
  mapped.finishAll();
  const again = fork(mapped, { from: { steps: ['sum'] } });
  expect(mapped.states(again)).toEqual({ each: 'succeeded', sum: 'queued' });
  const whole = fork(mapped, { from: { steps: ['each'] }, input: [1, 2, 3] });
  expect(mapped.steps('queued', whole)).toHaveLength(3);
});

test('a step that the run does not have is refused by name', () => {
  expect(() => fork(driver, { from: { steps: ['a', 'z'] } })).toThrow(/has no step "z"/);
});

test('what depends on a step that is planned anew is left out with it, and nothing dangles', () => {
  const { retry } = driver.task('a').spec;
  const work = { type: 'build', input: {}, requirements: {}, priority: 'normal', retry, timeouts: {} };
  const added = (id: string): never => ({ id, ...work, metadata: {} }) as never;
  const by = { taskId: driver.task('a').id, attempt: 1 };
  driver.change((state, change) => {
    state.apply(by.taskId, { kind: 'assign', attempt: 1, placement: placement() }, change);
  });
  driver.tell({ kind: 'add-steps', added: { tasks: [added('x')], dependencies: {}, by } });
  driver.tell({ kind: 'add-steps', added: { tasks: [added('y')], dependencies: { y: ['x'] } } });
  driver.tell({ kind: 'cancel', reason: 'enough' });
  driver.change((state, change) => {
    const result = { startedAt: 0, finishedAt: 1 };
    state.apply(by.taskId, { kind: 'finished', attempt: 1, outcome: 'cancelled', result }, change);
  });
  const again = fork(driver, { from: { steps: ['a'] } });
  expect(Object.keys(driver.states(again))).toEqual(['a', 'b', 'c', 'd']);
});
