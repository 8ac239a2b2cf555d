import { MultiswarmError, type ReportRequest } from '@multiswarm/contracts';
import { deferred, ManualClock } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import { placement, spec } from '../../test/support/builders';
import {
  accepted,
  grant,
  granting,
  id,
  OwnerBench,
  pages,
  reporting,
  result,
  T1,
  T2,
  T3,
  task,
} from '../../test/support/owner-bench';
import { RUN, RunDriver } from '../../test/support/run-driver';
import { Gateway, type OwnerCommands } from './gateway';
import type { NewTask } from './intake';
import { Payloads } from './payloads';
import { HOT_WAITING_TASKS } from './shard-state';
import type { WorkflowSnapshots } from './workflow-snapshots';

test('nothing leaves before the commit: no answer, no dispatch; only the scheduler hears of it', async () => {
  const { owner, store, queued, dispatched, clock } = await OwnerBench.open();
  store.faults = ['away'];
  let answered = false;
  const answer = owner.submitTasks([task()]).then(() => (answered = true));
  await turns();
  expect({ answered, queued }).toEqual({ answered: false, queued: [`${T1}#1`] });
  await pass(clock, 100);
  await answer;
  store.faults = ['away'];
  const granted = owner.grant(granting([grant()]));
  await turns();
  expect(dispatched).toEqual([]);
  await pass(clock, 100);
  expect(await granted).toEqual([]);
  expect(dispatched).toEqual([`${T1}#1`]);
});

test('a grant that comes while the task is still being committed is committed after it', async () => {
  const { owner, store, dispatched, clock } = await OwnerBench.open();
  store.faults = ['answer-lost'];
  const answer = owner.submitTasks([task()]);
  const granted = owner.grant(granting([grant()]));
  await turns();
  expect(dispatched).toEqual([]);
  await pass(clock, 100);
  await Promise.all([answer, granted]);
  expect(
    store.applied.map(({ writes }) => writes.filter(({ kind }) => kind === 'task').length).length,
  ).toBeGreaterThan(0);
  expect(store.data().tasks.get(T1)).toMatchObject({ state: 'assigned', attempt: 1 });
  expect(dispatched).toEqual([`${T1}#1`]);
});

test('without a lease that holds there is no answer, though the work goes on when it is renewed', async () => {
  const bench = await OwnerBench.open();
  const answer = bench.owner.submitTasks([task()]);
  bench.leaseHolds = false;
  await expect(answer).rejects.toMatchObject({ code: 'shard-unavailable' });
  await expect(bench.owner.submitTasks([task(T2)])).rejects.toMatchObject({ code: 'shard-unavailable' });
  expect(() => bench.owner.report(reporting())).toThrow(
    expect.objectContaining({ code: 'shard-unavailable' }),
  );
  expect([...bench.store.data().tasks.keys()]).toEqual([T1]);
});

test('a grant for a task that is not queued any more, or under another number, is handed back', async () => {
  const { owner } = await OwnerBench.open();
  await owner.submitTasks([task(), task(T2)]);
  await owner.command(T1, { kind: 'cancel', reason: 'enough' });
  const refused = await owner.grant(granting([grant(T1), grant(T2, 2), grant(id(9))]));
  expect(refused).toEqual([
    { taskId: T1, attempt: 1 },
    { taskId: T2, attempt: 2 },
    { taskId: id(9), attempt: 1 },
  ]);
});

test('the same grant again is answered alike; another one for the same attempt only loses its slot', async () => {
  const { owner, dispatched, lbReports } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  expect(await owner.grant(granting([grant()]))).toEqual([]);
  expect(await owner.grant(granting([grant()]))).toEqual([]);
  expect(lbReports).toEqual([]);
  // Refused, the attempt that runs would not be counted any more.
  expect(await owner.grant(granting([grant(T1, 1, 'r2')]))).toEqual([]);
  expect(lbReports).toMatchObject([{ taskId: T1, attempt: 1, reservationId: 'r2', outcome: 'unused' }]);
  await turns();
  expect(dispatched).toEqual([`${T1}#1`]);
});

test.each([
  ['has succeeded', 'succeeded' as const],
  ['was lost, and is to be placed anew', 'lost' as const],
])('the same grant again, when its attempt %s, gives back nothing a second time', async (_what, outcome) => {
  const { owner, lbReports } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  await owner.grant(granting([grant()]));
  await owner.report(reporting(result(T1, 1, { outcome }))).acks;
  const ends = lbReports.length;
  expect(await owner.grant(granting([grant()]))).toEqual([]);
  expect(lbReports).toHaveLength(ends);
});

test('an older scheduler than one heard of is refused', async () => {
  const { owner } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  await pages(owner, 7);
  await expect(owner.grant(granting([grant()], 6))).rejects.toMatchObject({ code: 'stale-epoch' });
  expect(await owner.grant(granting([grant()], 7))).toEqual([]);
});

test('tasks beyond what memory is for are read back when they are granted, commanded or due', async () => {
  const bench = await OwnerBench.open();
  const count = HOT_WAITING_TASKS + 20;
  const tasks = Array.from({ length: count }, (_, n) =>
    task(id(n + 1), n === count - 1 ? { spec: spec({ timeouts: { scheduleToStartMs: 500 } }) } : {}),
  );
  for (const each of tasks) await bench.owner.submitTasks([each]);
  const [cold, other, timed] = [id(count - 2), id(count - 3), id(count)];
  expect(await bench.owner.grant(granting([grant(cold)]))).toEqual([]);
  await bench.owner.command(other, { kind: 'cancel', reason: 'enough' });
  await pass(bench.clock, 600);
  expect([cold, other, timed].map((each) => bench.state(each))).toEqual(['assigned', 'cancelled', 'expired']);
  expect(bench.gone).toEqual(expect.arrayContaining([other, timed]));
});

describe('what leaves memory while others are read', () => {
  test('is granted all the same', async () => {
    const bench = await OwnerBench.forgetful();
    await bench.owner.submitTasks([task(T1)]);
    const answer = bench.owner.submitTasks([task(T2)]);
    const granted = bench.owner.grant(granting([grant(T2), grant(T1)]));
    await answer;
    await turns();
    bench.open();
    expect(await granted).toEqual([]);
    expect([bench.state(T1), bench.state(T2)]).toEqual(['assigned', 'assigned']);
  });

  test('has its time all the same', async () => {
    const bench = await OwnerBench.forgetful();
    const at = new Date(bench.clock.now() + 100).toISOString();
    await bench.owner.submitTasks([task(T1, { spec: spec({ notBefore: at }) })]);
    bench.store.faults = ['away'];
    const answer = bench.owner.submitTasks([task(T2, { spec: spec({ notBefore: at }) })]);
    await pass(bench.clock, 110);
    await answer;
    await turns();
    bench.open();
    await pass(bench.clock, 10);
    expect([bench.state(T1), bench.state(T2)]).toEqual(['queued', 'queued']);
  });

  test('does not come back as it was before', async () => {
    const bench = await OwnerBench.forgetful();
    const at = new Date(bench.clock.now() + 100).toISOString();
    const ids = [T1, T2];
    await bench.owner.submitTasks(ids.map((each) => task(each, { spec: spec({ notBefore: at }) })));
    const read = bench.store.tasks;
    await pass(bench.clock, 110);
    // Each of them is read, as it was, for its time; a person is faster.
    bench.store.tasks = (shard, asked) =>
      Promise.resolve(asked.map((each) => bench.store.data(shard).tasks.get(each)));
    for (const each of ids) await bench.owner.command(each, { kind: 'cancel', reason: 'enough' });
    bench.store.tasks = read;
    bench.open();
    await pass(bench.clock, 10);
    expect([bench.state(T1), bench.state(T2)]).toEqual(['cancelled', 'cancelled']);
  });
});

test('what is told once more because its answer got lost is done once', async () => {
  const { owner, store } = await OwnerBench.open();
  const given = { kind: 'signal' as const, signal: { name: 'go', payload: 1, at: 7 } };
  await owner.submitTasks([task()]);
  await owner.command(T1, given);
  await owner.command(T1, given, true);
  expect(store.data().tasks.get(T1)?.signals).toHaveLength(1);
  await owner.command(T1, { kind: 'cancel', reason: 'enough' });
  await owner.command(T1, { kind: 'retry' });
  await owner.command(T1, { kind: 'retry' }, true);
  await expect(owner.command(T1, { kind: 'retry' })).rejects.toMatchObject({ code: 'wrong-state' });
});

test('a batch of large tasks is committed in several changes, each of which Redis takes quickly', async () => {
  const { owner, store } = await OwnerBench.open();
  const input = { text: 'x'.repeat(100_000) };
  const ids = Array.from({ length: 20 }, (_, n) => id(n + 1));
  await owner.submitTasks(ids.map((each) => task(each, { spec: spec({ input }) })));
  expect(store.applied.length).toBeGreaterThan(3);
  expect(store.data().tasks.size).toBe(ids.length);
});

test('a lease that lapses for a moment costs no timer', async () => {
  const bench = await OwnerBench.open();
  const notBefore = new Date(bench.clock.now() + 500).toISOString();
  await bench.owner.submitTasks([
    task(T1, { spec: spec({ notBefore, timeouts: { scheduleToStartMs: 5_000 } }) }),
  ]);
  bench.leaseHolds = false;
  await pass(bench.clock, 600);
  bench.leaseHolds = true;
  expect(bench.state(T1)).toBe('queued');
  await pass(bench.clock, 6_000);
  expect(bench.state(T1)).toBe('expired');
});

test('a submission that is repeated because its answer got lost makes one task, also after that has ended', async () => {
  const { owner, store } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  const again = task(T1, { keyed: true });
  expect(await owner.submitTasks([again])).toEqual([{ id: T1, state: 'accepted', duplicate: false }]);
  await owner.command(T1, { kind: 'cancel', reason: 'enough' });
  expect(await owner.submitTasks([again])).toEqual([{ id: T1, state: 'accepted', duplicate: false }]);
  expect(store.data().tasks.get(T1)?.state).toBe('cancelled');
});

test('a key that is known when it comes in stays known, though its task ends while others are looked up', async () => {
  const { owner, store } = await OwnerBench.open();
  await owner.submitTasks([task(T1, { keyed: true })]);
  const looked = deferred<(string | undefined)[]>();
  store.bodyHashes = () => looked.promise;
  const again = owner.submitTasks([task(T1, { keyed: true }), task(T2, { keyed: true })]);
  await owner.command(T1, { kind: 'cancel', reason: 'enough' });
  looked.resolve([undefined]);
  expect(await again).toMatchObject([{ id: T1 }, { id: T2 }]);
  expect(store.data().tasks.get(T1)?.state).toBe('cancelled');
  expect(store.data().tasks.get(T2)?.state).toBe('queued');
});

test('a repeated key meets its task: the same body as a duplicate, another one as a conflict', async () => {
  const { owner } = await OwnerBench.open();
  const keyed = (bodyHash: string): NewTask =>
    task(T1, { keyed: true, spec: spec({ idempotencyKey: 'k', bodyHash }) });
  const [first, same, other] = await owner.submitTasks([keyed('h1'), keyed('h1'), keyed('h2')]);
  expect(first).toMatchObject({ duplicate: false });
  expect(same).toMatchObject({ id: T1, duplicate: true });
  expect(other).toMatchObject({
    code: 'idempotency-conflict',
    message: expect.stringContaining(`that one is ${T1}`),
  });
});

test('a report of another attempt is stale, and acknowledged as such so that it is not sent for ever', async () => {
  const { owner, lbReports, released } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  await owner.grant(granting([grant()]));
  const taken = owner.report(reporting(result(T1, 2), result(T1), result(T1), result(id(99))));
  expect(released).toEqual([]);
  const acks = await taken.acks;
  expect(acks.map(({ status }) => status).sort()).toEqual(['recorded', 'stale', 'stale', 'stale']);
  expect(acks).toContainEqual({ taskId: T1, attempt: 2, status: 'stale' });
  expect(taken.freed.map(({ taskId, swarmId, reservationId }) => [taskId, swarmId, reservationId])).toEqual([
    [T1, 'a', 'r1'],
  ]);
  expect(released).toEqual([`${T1}#1`]);
  expect(lbReports).toEqual([
    {
      ...{ reservationId: 'r1', swarmId: 'a', taskId: T1, attempt: 1, type: spec().type },
      namespace: spec().namespace,
      ...{ outcome: 'succeeded', durationMs: 5 },
    },
  ]);
});

test.each([
  [true, 'swarm'],
  [false, 'task'],
])('a failure that may be repeated (%s) is told as one of the %s', async (retryable, fault) => {
  const { owner, lbReports } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  await owner.grant(granting([grant()]));
  const error = { code: 'attempt-failed', message: 'no', retryable };
  await owner.report(reporting(result(T1, 1, { outcome: 'failed', error }))).acks;
  expect(lbReports).toMatchObject([{ taskId: T1, outcome: 'failed', fault }]);
});

test('W8: a loss of a coordinator that was replaced changes nothing, one of the present one does', async () => {
  const { owner } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  await owner.grant(granting([grant()]));
  owner.seen({ v: 1, region: 'eu-west', epoch: 5, swarms: 1, held: [] });
  const lost = (regionEpoch: number) => ({
    ...reporting(result(T1, 1, { outcome: 'lost' })),
    ...{ region: 'eu-west', regionEpoch },
  });
  expect(await owner.report(lost(4)).acks).toEqual([{ taskId: T1, attempt: 1, status: 'stale' }]);
  expect(await owner.report(lost(5)).acks).toEqual([{ taskId: T1, attempt: 1, status: 'recorded' }]);
});

test('a swarm that still runs what was given up is told to stop, as long as its region lists it', async () => {
  const { owner, controls } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  await owner.grant(granting([grant()]));
  await owner.report(reporting(result(T1, 1, { outcome: 'lost' }))).acks;
  const summary = { v: 1 as const, region: 'eu-west', epoch: 1, swarms: 1 };
  owner.seen({ ...summary, held: [{ taskId: T1, attempt: 1 }] });
  owner.seen({ ...summary, held: [] });
  await turns();
  expect(controls).toEqual([`cancel ${T1}#1`]);
});

test('a result from another swarm waits until the coordinator has said that the attempt was sent there', async () => {
  const { owner, store, lbReports } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  await owner.grant(granting([grant()]));
  const elsewhere = { ...reporting(result(T1)), swarmId: 'b' };
  expect(await owner.report(elsewhere).acks).toEqual([]);
  const outcome = {
    ...accepted(T1)[0],
    placement: placement({ swarmId: 'b', reservationId: 'r9', costPerSlotHour: 7 }),
  };
  const taken = owner.report({ ...elsewhere, outcomes: [outcome as ReportRequest['outcomes'][number]] });
  expect(await taken.acks).toEqual([{ taskId: T1, attempt: 1, status: 'recorded' }]);
  expect(store.data().tasks.get(T1)?.attempts).toMatchObject([{ swarmId: 'b', costPerSlotHour: 7 }]);
  expect(lbReports).toMatchObject([
    { swarmId: 'a', reservationId: 'r1', taskId: T1, attempt: 1, outcome: 'refused' },
    { swarmId: 'b', reservationId: 'r9', taskId: T1, attempt: 1, outcome: 'succeeded' },
  ]);
});

test('a slot that was handed on is told so, and fetched attempts go out with the answer instead of a dispatch', async () => {
  const { owner, lbReports, dispatched } = await OwnerBench.open();
  await owner.submitTasks([task(), task(T2)]);
  await owner.grant(granting([grant()]));
  await turns();
  const taken = owner.report(reporting(result(T1)));
  taken.next.set(T1, { taskId: T2, attempt: 1 });
  const { dispatch, refused } = await owner.grantFetched([grant(T2)], { bytes: 10_000 });
  await taken.acks;
  expect(refused).toEqual([]);
  expect(dispatch).toMatchObject({ shard: 0, epoch: 1, reportTo: 'reports' });
  expect(dispatch?.attempts.map(({ taskId, attempt }) => [taskId, attempt])).toEqual([[T2, 1]]);
  expect(lbReports[0]?.next).toEqual({ taskId: T2, attempt: 1 });
  expect(dispatched).toEqual([`${T1}#1`]);
});

test('fetched attempts for which the answer has no room go out through the coordinator', async () => {
  const { owner, dispatched } = await OwnerBench.open();
  const large = { spec: spec({ input: 'x'.repeat(5_000) }) };
  await owner.submitTasks([task(T1, large), task(T2, large), task(T3)]);
  const answer = { bytes: 7_000 };
  const { dispatch, refused } = await owner.grantFetched([grant(T1), grant(T2), grant(T3)], answer);
  await turns();
  expect(refused).toEqual([]);
  expect(dispatch?.attempts.map(({ taskId }) => taskId)).toEqual([T1, T3]);
  expect(dispatched).toEqual([`${T2}#1`]);
  expect(answer.bytes).toBeLessThan(2_000);
});

test('a fetched attempt that nobody accepts is asked for through the coordinator, under the same number', async () => {
  const { owner, clock, dispatched } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  await owner.grantFetched([grant()], { bytes: 10_000 });
  clock.advance(1_999);
  await owner.expireAttempts(false);
  expect(dispatched).toEqual([]);
  clock.advance(1);
  await owner.expireAttempts(false);
  await turns();
  expect(dispatched).toEqual([`${T1}#1 again`]);
});

test('an attempt of which nothing is heard is lost and queued again; not while nobody could have told', async () => {
  const { owner, clock, queued, store } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  await owner.grant(granting([grant()]));
  void owner.dispatched(accepted(T1));
  await pass(clock, 50);
  clock.advance(29_000);
  await owner.expireAttempts(true);
  clock.advance(29_000);
  await owner.expireAttempts(false);
  expect(queued).toEqual([`${T1}#1`]);
  clock.advance(1_000);
  await owner.expireAttempts(false);
  expect(queued).toEqual([`${T1}#1`, `${T1}#2`]);
  expect(store.data().tasks.get(T1)).toMatchObject({ state: 'queued', losses: 1 });
});

test('what was lost is queued again with the swarms to avoid, after its pause too, and a new scheduler is told of them', async () => {
  const bench = await OwnerBench.open();
  const { owner, clock, avoided } = bench;
  await owner.submitTasks([task()]);
  for (const [index, swarmId] of ['a', 'b'].entries()) {
    const attempt = index + 1;
    await owner.grant(granting([{ ...grant(T1, attempt), placement: placement({ swarmId }) }]));
    await owner.dispatched([{ taskId: T1, attempt, outcome: 'unreachable' }]);
    await pass(clock, 1_000);
  }
  expect(avoided).toEqual([[], ['a'], ['b', 'a']]);
  const told = await pages(owner);
  expect(told.flatMap(({ queued = [] }) => queued.map(({ task: { avoid } }) => avoid))).toEqual([['b', 'a']]);
});

test('of an attempt that several swarms have refused the event names the last one, and lists all', async () => {
  const { owner, store } = await OwnerBench.open();
  await owner.submitTasks([task()]);
  await owner.grant(granting([grant()]));
  const refusedBy = ['a', 'b'];
  await owner.dispatched([{ taskId: T1, attempt: 1, outcome: 'refused', reason: 'no-free-slot', refusedBy }]);
  const events = store.applied.flatMap(({ writes }) =>
    writes.flatMap((write) => (write.kind === 'event' ? [write.event] : [])),
  );
  expect(events.find(({ type }) => type === 'task.refused')).toMatchObject({
    ...{ attempt: 1, swarmId: 'b', region: 'eu-west', data: { reason: 'no-free-slot', refusedBy } },
  });
});

test('another owner: what is not committed is refused, and it says so once', async () => {
  const bench = await OwnerBench.open();
  await bench.owner.submitTasks([task()]);
  bench.store.take();
  await expect(bench.owner.submitTasks([task(T2)])).rejects.toMatchObject({ code: 'stale-epoch' });
  await expect(bench.owner.submitTasks([task(id(3))])).rejects.toMatchObject({ code: 'shard-unavailable' });
  expect(bench.lost).toBe(1);
  expect(bench.dispatched).toEqual([]);
});

test('a successor takes up what was left: placed tasks at once, timers of waiting ones, and a snapshot of all of it', async () => {
  const first = await OwnerBench.open();
  const retry = { ...spec().retry, initialMs: 500, jitter: 0 };
  await first.owner.submitTasks([1, 2, 3, 4].map((n) => task(id(n), { spec: spec({ retry }) })));
  await first.owner.grant(granting([2, 3, 4].map((n) => grant(id(n)))));
  void first.owner.dispatched([...accepted(id(3)), ...accepted(id(4))]);
  await pass(first.clock, 50);
  const error = { code: 'attempt-failed', message: 'no', retryable: true };
  await first.owner.report(reporting(result(id(4), 1, { outcome: 'failed', error }))).acks;
  const second = await OwnerBench.open(first.store, first.clock);
  expect(second.dispatched).toEqual([`${id(2)}#1 again`]);
  expect(await pages(second.owner)).toEqual([
    { held: [2, 3].map((n) => ({ taskId: id(n), attempt: 1, namespace: 'default' })) },
    { queued: [expect.objectContaining({ task: expect.objectContaining({ taskId: id(1), attempt: 1 }) })] },
  ]);
  await pass(second.clock, 600);
  expect(second.queued).toEqual([`${id(4)}#2`]);
});

test('a snapshot has what is queued and not committed yet, and leaves out what is paused', async () => {
  const { owner, store } = await OwnerBench.open();
  await owner.submitTasks([task(), task(T2)]);
  await owner.command(T2, { kind: 'pause', reason: 'wait' });
  store.faults = ['away'];
  const late = owner.submitTasks([task(id(3))]).catch(() => undefined);
  const queued = (await pages(owner)).flatMap((page) => page.queued ?? []).map((each) => each.task.taskId);
  expect(queued).toEqual([T1, id(3)]);
  void late;
});

test('a cancellation that was under way when the owner died is sent again by its successor', async () => {
  const first = await OwnerBench.open();
  await first.owner.submitTasks([task()]);
  await first.owner.grant(granting([grant()]));
  void first.owner.dispatched(accepted(T1));
  await first.owner.command(T1, { kind: 'cancel', reason: 'enough' });
  const second = await OwnerBench.open(first.store, first.clock);
  expect(second.controls).toEqual([`cancel ${T1}#1`]);
  expect(second.dispatched).toEqual([]);
  second.owner.seen({ v: 1, region: 'eu-west', epoch: 1, swarms: 1, held: [{ taskId: T1, attempt: 1 }] });
  await turns();
  expect(second.controls).toHaveLength(2);
});

test('what people tell a task: it is done, or refused with what to do instead', async () => {
  const bench = await OwnerBench.open();
  const { owner, controls, queued } = bench;
  await owner.submitTasks([task()]);
  await owner.grant(granting([grant()]));
  const signal = { name: 'go', payload: 1, at: 0 };
  await owner.command(T1, { kind: 'signal', signal });
  expect(controls).toEqual([`signal ${T1} go`]);
  await expect(owner.command(T1, { kind: 'retry' })).rejects.toMatchObject({ code: 'wrong-state' });
  await expect(owner.command(id(9), { kind: 'resume' })).rejects.toMatchObject({ code: 'task-not-found' });
  const error = { code: 'broken', message: 'no', retryable: false };
  await owner.report(reporting(result(T1, 1, { outcome: 'failed', error }))).acks;
  expect(bench.state(T1)).toBe('failed');
  expect(bench.store.data().ended.has(T1)).toBe(true);
  await owner.command(T1, { kind: 'retry' });
  expect(bench.state(T1)).toBe('queued');
  expect(bench.store.data().ended.has(T1)).toBe(false);
  expect(queued.at(-1)).toBe(`${T1}#2`);
});

describe('dead letters', () => {
  const redrive = (key: string) => ({ kind: 'redrive', key, asked: {} }) as const;
  const purge = { kind: 'purge', asked: { reason: 'a test' } } as const;

  async function expire(bench: OwnerBench, tasks: string[], namespace = 'default'): Promise<void> {
    const waitFor = { signal: 'go', timeoutMs: 1 };
    await bench.owner.submitTasks(tasks.map((each) => task(each, { spec: spec({ namespace, waitFor }) })));
    await pass(bench.clock, 1);
    expect(tasks.map((each) => bench.state(each))).toEqual(tasks.map(() => 'expired'));
  }

  test('each is answered by itself, whether it is there or not, and a repetition changes nothing', async () => {
    const bench = await OwnerBench.open();
    await expire(bench, [T1, T2]);
    const answers = await bench.owner.settleDeadLetters([T1, id(9), T2], redrive('k'));
    expect(answers).toMatchObject([
      { id: T1, outcome: 'redriven', state: 'waiting' },
      { id: id(9), outcome: 'refused', error: { code: 'task-not-found' } },
      { id: T2, outcome: 'redriven' },
    ]);
    await pass(bench.clock, 1);
    expect(bench.state(T1)).toBe('expired');
    const again = await bench.owner.settleDeadLetters([T1, T2], redrive('k'));
    expect(again.map(({ outcome }) => outcome)).toEqual(['redriven', 'redriven']);
    expect(bench.state(T1)).toBe('expired');
  });

  test('two that ask for the same at once redrive it once', async () => {
    const bench = await OwnerBench.open();
    await expire(bench, [T1]);
    const asked = ['k', 'l'].map((key) => bench.owner.settleDeadLetters([T1], redrive(key)));
    const outcomes = (await Promise.all(asked)).flat().map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['redriven', 'unchanged']);
  });

  test('a purged task goes when it would have gone: its retention does not begin anew', async () => {
    const bench = await OwnerBench.open();
    await expire(bench, [T1]);
    await pass(bench.clock, 900);
    expect(await bench.owner.settleDeadLetters([T1], purge)).toMatchObject([{ outcome: 'purged' }]);
    expect(await bench.store.truth().deadLetters(0, undefined, 10)).toEqual([]);
    expect((await bench.store.truth().history(0, T1)).at(-1)).toMatchObject({ type: 'task.purged' });
    const outcomes = [{}, { again: true }].map(async (more) => {
      const [result] = await bench.owner.settleDeadLetters([T1], { ...purge, ...more });
      return result?.outcome;
    });
    expect(await Promise.all(outcomes)).toEqual(['unchanged', 'purged']);
    await pass(bench.clock, 100);
    expect(await bench.owner.sweep(10)).toBe(1);
    expect(bench.state(T1)).toBeUndefined();
  });

  test('without a lease that holds nothing is answered', async () => {
    const bench = await OwnerBench.open();
    await expire(bench, [T1]);
    bench.leaseHolds = false;
    await expect(bench.owner.settleDeadLetters([T1], purge)).rejects.toMatchObject({
      code: 'shard-unavailable',
    });
  });
});

test('what has ended is removed when the retention of its namespace has passed, and not before', async () => {
  const { owner, store, clock } = await OwnerBench.open();
  await owner.submitTasks([task(), task(T2, { spec: spec({ namespace: 'short' }) })]);
  for (const each of [T1, T2]) await owner.command(each, { kind: 'cancel', reason: 'enough' });
  clock.advance(10);
  expect(await owner.sweep(10)).toBe(1);
  clock.advance(989);
  expect(await owner.sweep(10)).toBe(0);
  clock.advance(1);
  expect(await owner.sweep(10)).toBe(1);
  expect([store.data().tasks.size, store.data().ended.size]).toEqual([0, 0]);
});

test('a run that has ended goes with its steps, and the runs inside it with theirs, each when its own retention has passed', async () => {
  const { owner, store, clock } = await OwnerBench.open();
  const inner = { tasks: [{ id: 'c', type: 'build' }] };
  const built = new RunDriver().built({
    tasks: [
      { id: 'a', type: 'build' },
      { id: 'b', workflow: inner },
    ],
    dependencies: { b: ['a'] },
    namespace: 'short',
  });
  await owner.submitRun({ ...built, shard: 0, keyed: false });
  const queued = (): string =>
    [...store.data().tasks.values()].find(({ state }) => state === 'queued')?.id ?? '';
  const runNext = async (): Promise<void> => {
    const next = queued();
    await owner.grant(granting([grant(next)]));
    await owner.report(reporting(result(next))).acks;
  };
  await runNext();
  clock.advance(20); // longer than its namespace keeps what has ended
  expect(await owner.sweep(10)).toBe(0);
  expect(store.data().tasks.size).toBe(3);
  await runNext();
  const runs = [...store.data().runs.values()].map(({ run }) => [run.state, run.endedAt]);
  expect(runs).toEqual([
    ['succeeded', clock.now()],
    ['succeeded', clock.now()],
  ]);
  clock.advance(9);
  expect(await owner.sweep(10)).toBe(0);
  clock.advance(1);
  expect(await owner.sweep(10)).toBe(2);
  const { tasks, runs: left, histories, ended } = store.data();
  expect([tasks.size, left.size, histories.size, ended.size]).toEqual([0, 0, 0, 0]);
});

test('a signal that is handed on again when its run has ended is answered like the first time, and another one is told so', async () => {
  const { owner, store } = await OwnerBench.open();
  const built = new RunDriver().built({ tasks: [{ id: 'go', waitFor: { signal: 'go' } }] });
  await owner.submitRun({ ...built, shard: 0, keyed: false });
  const signal = { kind: 'signal', name: 'go', payload: null, at: 5 } as const;
  store.faults = ['answer-late'];
  const answers = [owner.tellRun(RUN, signal), owner.tellRun(RUN, signal)];
  await Promise.all(answers);
  expect(store.data().runs.get(RUN)?.run.state).toBe('succeeded');
  await owner.tellRun(RUN, signal);
  for (const other of [
    { ...signal, at: 6 },
    { ...signal, name: 'stop' },
  ])
    await expect(owner.tellRun(RUN, other)).rejects.toMatchObject({ code: 'wrong-state' });
});

test('the gateway repeats a command whose owner is moving, and says that it may be there already', async () => {
  const clock = new ManualClock();
  const seen: boolean[] = [];
  const submitTasks: OwnerCommands['submitTasks'] = (_shard, tasks) => {
    seen.push(...tasks.map(({ keyed }) => keyed));
    if (seen.length < 3) return Promise.reject(new MultiswarmError('shard-unavailable', 'moving'));
    return Promise.resolve(tasks.map((each) => ({ id: each.id, state: 'queued', duplicate: false })));
  };
  // The gateway asks the intake for `task`, and the owners for `submitTasks`, and nothing else of either here.
  const intake = { task: () => task() } as unknown as ConstructorParameters<typeof Gateway>[0];
  const specOf = () => Promise.resolve(spec());
  const owners = { submitTasks } as OwnerCommands;
  const gateway = new Gateway(
    intake,
    owners,
    1,
    clock,
    3_000,
    () => undefined,
    specOf,
    // Tasks have no need of snapshots.
    { payloads: new Payloads(undefined, undefined), snapshots: {} as WorkflowSnapshots },
  );
  const answer = gateway.submitTask({}, 'trace');
  await pass(clock, 1_000);
  expect(await answer).toEqual({ id: T1, state: 'queued', duplicate: false });
  expect(seen).toEqual([false, true, true]);
});
