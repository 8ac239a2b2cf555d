import { LIMITS, type Event } from '@multiswarm/contracts';
import { pass, turns } from '@multiswarm/testing';
import { spec } from '../../test/support/builders';
import {
  accepted,
  grant,
  granting,
  id,
  OwnerBench,
  reporting,
  result,
  T1,
  T2,
  task,
} from '../../test/support/owner-bench';
import { RUN, RunDriver } from '../../test/support/run-driver';
import type { TaskRecord } from '../domain/task/record';

const LOSS = { outcome: 'lost' as const };
const stale = (taskId = T1, attempt = 1) => ({ taskId, attempt, status: 'stale' });

/** Tasks whose first attempt runs and is lost with its swarm. */
async function lost(bench: OwnerBench, ids = [T1]): Promise<void> {
  await bench.owner.submitTasks(ids.map((each) => task(each)));
  await start(bench, ids);
  await bench.owner.report(reporting(...ids.map((each) => result(each, 1, LOSS)))).acks;
}

async function start({ owner, clock }: OwnerBench, ids: readonly string[], attempt = 1): Promise<void> {
  await owner.grant(granting(ids.map((each) => grant(each, attempt))));
  const told = owner.dispatched(ids.flatMap((each) => accepted(each, attempt)));
  await pass(clock, 20); // nobody waits for an acceptance: it is committed a little later
  await told;
}

const stored = ({ store }: OwnerBench, taskId = T1): TaskRecord => {
  const record = store.data().tasks.get(taskId);
  if (!record) throw new Error(`${taskId} is not stored`);
  return record;
};
const history = ({ store }: OwnerBench, root = T1): Promise<Event[]> => store.truth().history(0, root);
const lates = async (bench: OwnerBench, root = T1): Promise<Event[]> =>
  (await history(bench, root)).filter(({ type }) => type === 'task.late-result');

/** Three steps one after the other. @returns the ids of their tasks */
async function chain({ owner }: OwnerBench): Promise<[string, string, string]> {
  const tasks = ['a', 'b', 'c'].map((step) => ({ id: step, type: 'build' }));
  const built = new RunDriver().built({ tasks, dependencies: { b: ['a'], c: ['b'] } });
  await owner.submitRun({ ...built, shard: 0, keyed: false });
  const [a = '', b = '', c = ''] = built.steps.map((step) => step.id);
  return [a, b, c];
}

/** A step succeeds with its second attempt. */
async function loseAndRun(bench: OwnerBench, step: string): Promise<void> {
  await start(bench, [step]);
  await bench.owner.report(reporting(result(step, 1, LOSS))).acks;
  await start(bench, [step], 2);
  await bench.owner.report(reporting(result(step, 2))).acks;
}

test('a result of an attempt that was lost is in the history while the next one runs, which goes on as if nothing had come', async () => {
  const bench = await OwnerBench.open();
  await lost(bench);
  await start(bench, [T1], 2);
  const before = stored(bench);
  const usage = { inputTokens: 7 };
  const acks = await bench.owner.report(reporting(result(T1, 1, { output: 'four', usage }))).acks;
  expect(acks).toEqual([stale()]);
  const after = stored(bench);
  expect({ ...after, events: 0, attempts: [] }).toEqual({ ...before, events: 0, attempts: [] });
  expect(after.attempts[0]?.late).toEqual({
    ...{ at: bench.clock.now(), swarmId: 'a', outcome: 'succeeded' },
    ...{ startedAt: 0, finishedAt: 5, outputBytes: 6, usage },
  });
  expect((await history(bench)).at(-1)).toMatchObject({
    ...{ type: 'task.late-result', seq: after.events, attempt: 1, swarmId: 'a', region: 'eu-west' },
    data: { outcome: 'succeeded', finishedAt: 5, outputBytes: 6, usage },
  });
  expect(await bench.owner.report(reporting(result(T1, 2))).acks).toMatchObject([{ status: 'recorded' }]);
  expect(stored(bench)).toMatchObject({ state: 'succeeded', output: 1, usage: {} });
});

test('a task that was cancelled, and whose swarm was silent for the whole grace, stays cancelled; also a new owner knows what came', async () => {
  const bench = await OwnerBench.open();
  await bench.owner.submitTasks([task()]);
  await start(bench, [T1]);
  await bench.owner.command(T1, { kind: 'cancel', reason: 'enough' });
  await pass(bench.clock, LIMITS.CANCEL_GRACE_MS, 1_000);
  expect(stored(bench).state).toBe('cancelled');
  const counts = await bench.store.truth().counts(0);
  await bench.replace();
  const error = { code: 'bad-input', message: 'no such file', retryable: false };
  const late = result(T1, 1, { outcome: 'failed', error });
  expect(await bench.owner.report(reporting(late)).acks).toEqual([stale()]);
  expect(stored(bench)).toMatchObject({
    state: 'cancelled',
    attempts: [{ outcome: 'lost', late: { error } }],
  });
  expect(await bench.store.truth().counts(0)).toEqual(counts);
  expect((await history(bench)).map(({ type }) => type).slice(-2)).toEqual([
    'task.cancelled',
    'task.late-result',
  ]);
});

test('what is reported again, in one message, at once or to another owner, is told once', async () => {
  const bench = await OwnerBench.open();
  await lost(bench);
  const late = reporting(result(T1), result(T1, 1, { outcome: 'failed' }));
  const answers = [bench.owner.report(late).acks, bench.owner.report(late).acks];
  for (const acks of await Promise.all(answers)) expect(acks).toEqual([stale(), stale()]);
  await bench.replace();
  await bench.owner.report(late).acks;
  expect(await lates(bench)).toMatchObject([{ data: { outcome: 'succeeded' } }]);
});

test('of an attempt that nobody had, that its swarm has ended itself, or that was reported lost once more, nothing is told', async () => {
  const bench = await OwnerBench.open();
  await lost(bench, [T1, T2]);
  await start(bench, [T1], 2);
  const own = result(T1, 2, { outcome: 'cancelled', finishedAt: 9 });
  await bench.owner.report(reporting(own)).acks;
  const before = [await history(bench), await history(bench, T2)];
  const told = [own, result(T1, 3), result(T2, 1, LOSS), result(T2, 2), result(id(9))];
  const acks = await bench.owner.report(reporting(...told)).acks;
  expect(acks.map(({ status }) => status)).toEqual(told.map(() => 'stale'));
  expect([await history(bench), await history(bench, T2)]).toEqual(before);
});

test('a step is told of in the history of its run, which goes on, and after the run has ended', async () => {
  const bench = await OwnerBench.open();
  const [a, b, c] = await chain(bench);
  await loseAndRun(bench, a);
  expect(await bench.owner.report(reporting(result(a))).acks).toEqual([stale(a)]);
  await loseAndRun(bench, b);
  await loseAndRun(bench, c);
  const run = bench.store.data().runs.get(RUN);
  expect(run?.run.state).toBe('succeeded');
  await Promise.all([b, c, a].map((step) => bench.owner.report(reporting(result(step))).acks));
  const events = await history(bench, RUN);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect((await lates(bench, RUN)).map(({ step }) => step)).toEqual(['a', 'b', 'c']);
  expect(events.at(-1)).toMatchObject({ type: 'task.late-result', step: 'c', attempt: 1 });
  const progress = { ...run?.progress, events: events.length };
  expect(bench.store.data().runs.get(RUN)).toEqual({ ...run, progress });
});

test('a run that ends in the commit before is counted on from its end', async () => {
  const bench = await OwnerBench.open();
  const [a, b, c] = await chain(bench);
  await loseAndRun(bench, a);
  await loseAndRun(bench, b);
  await start(bench, [c]);
  bench.store.faults = ['answer-late'];
  const end = bench.owner.report(reporting(result(c))).acks;
  const late = bench.owner.report(reporting(result(a))).acks;
  await Promise.all([end, late]);
  const events = await history(bench, RUN);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.slice(-2).map(({ type }) => type)).toEqual(['workflow.succeeded', 'task.late-result']);
});

test('what is being deleted when it comes stays deleted', async () => {
  const bench = await OwnerBench.open();
  await bench.owner.submitTasks([task(T1, { spec: spec({ namespace: 'short' }) })]);
  await start(bench, [T1]);
  await bench.owner.command(T1, { kind: 'cancel', reason: 'enough' });
  await bench.owner.report(reporting(result(T1, 1, LOSS))).acks;
  bench.clock.advance(10);
  const late = bench.owner.report(reporting(result(T1))).acks;
  const swept = bench.owner.sweep(10);
  expect(await late).toEqual([stale()]);
  expect(await swept).toBe(1);
  expect(bench.store.data().tasks.size).toBe(0);
  expect(bench.store.data().histories.size).toBe(0);
});

test('while Redis is away there is no answer; the swarm asks again, and then it is told', async () => {
  const bench = await OwnerBench.open();
  await lost(bench);
  await bench.owner.command(T1, { kind: 'cancel', reason: 'enough' });
  const read = bench.store.tasks.bind(bench.store);
  bench.store.tasks = () => Promise.reject(new Error('away'));
  expect(await bench.owner.report(reporting(result(T1))).acks).toEqual([]);
  bench.store.tasks = read;
  expect(await bench.owner.report(reporting(result(T1))).acks).toEqual([stale()]);
  await turns();
  expect(await lates(bench)).toHaveLength(1);
});
