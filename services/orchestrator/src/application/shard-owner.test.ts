import { MultiswarmError, type DispatchOutcome, type LbReport } from '@multiswarm/contracts';
import { ManualClock, seededRandom } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { noMeters, placement, spec } from '../../test/support/builders';
import { MemoryShardStore } from '../../test/support/memory-shard-store';
import { pass, turns } from '../../test/support/turns';
import type { TaskRecord } from '../domain/task/record';
import type { LoadedShard } from '../ports';
import { AttemptLeases } from './attempt-leases';
import { Dispatcher } from './dispatcher';
import { Gateway, type OwnerCommands } from './gateway';
import type { NewTask } from './intake';
import { OutboxRelay } from './outbox-relay';
import { ShardOwner } from './shard-owner';

const T1 = 't0-00000001';
const NOTHING: LoadedShard = { tasks: [], runs: [], endedSteps: [], historyLengths: new Map() };

/** An owner over a store in memory; what leaves it is written down. */
class Bench {
  readonly ready: string[] = [];
  readonly gone: string[] = [];
  readonly dispatched: string[] = [];
  readonly cancelled: string[] = [];
  readonly lbReports: LbReport['outcomes'] = [];
  leaseHolds = true;
  lost = 0;
  owner: ShardOwner;

  constructor(
    readonly store = new MemoryShardStore(),
    readonly clock = new ManualClock(),
    loaded = NOTHING,
  ) {
    this.owner = this.take(loaded);
  }

  private take(loaded: LoadedShard): ShardOwner {
    const { epoch, batchSeq } = this.store.take();
    const { clock, store } = this;
    const regions = {
      dispatch: (
        _region: string,
        _shard: number,
        _epoch: number,
        attempts: { taskId: string; attempt: number }[],
      ) => {
        this.dispatched.push(...attempts.map(({ taskId, attempt }) => `${taskId}#${attempt}`));
        return new Promise<DispatchOutcome[]>(() => undefined);
      },
      cancel: (_region: string, _swarm: string, attempts: { taskId: string; attempt: number }[]) => {
        this.cancelled.push(...attempts.map(({ taskId, attempt }) => `${taskId}#${attempt}`));
        return Promise.resolve();
      },
    };
    const stream = { publish: () => Promise.resolve() };
    return new ShardOwner(0, epoch, batchSeq, loaded, {
      store,
      clock,
      ready: {
        ready: (record: TaskRecord) => void this.ready.push(record.id),
        gone: (id: string) => void this.gone.push(id),
        capacityChanged: () => undefined,
      },
      placer: {
        place: () => Promise.resolve([]),
        report: (outcomes) => void this.lbReports.push(...outcomes),
      },
      dispatcher: new Dispatcher(0, epoch, regions, clock, 10_000, {
        outcomes: () => undefined,
        fault: () => undefined,
      }),
      leases: new AttemptLeases(30_000, () => clock.monotonic()),
      relay: new OutboxRelay(0, store, stream, clock, () => undefined),
      random: seededRandom(1),
      logger: createLogger({ service: 'orchestrator', level: 'silent' }),
      retentionMs: 1_000,
      leaseHolds: () => this.leaseHolds,
      onLost: () => void (this.lost += 1),
      onEvents: () => undefined,
      meters: noMeters,
    });
  }
}

const task = (id = T1, given: Partial<NewTask> = {}): NewTask => ({
  id,
  shard: 0,
  keyed: false,
  spec: spec(),
  ...given,
});
const granted = [{ taskId: T1, placement: placement() }];

test('nothing leaves before the commit: no answer, no queue entry, no dispatch', async () => {
  const { owner, store, ready, dispatched, clock } = new Bench();
  store.faults = ['away'];
  let answered = false;
  const answer = owner.submitTasks([task()]).then(() => (answered = true));
  await turns();
  expect({ answered, ready }).toEqual({ answered: false, ready: [] });
  await pass(clock, 100);
  await answer;
  expect(ready).toEqual([T1]);
  store.faults = ['away'];
  owner.grant(granted);
  await turns();
  expect(dispatched).toEqual([]);
  await pass(clock, 100);
  expect(dispatched).toEqual([`${T1}#1`]);
});

test('without a lease that holds there is no answer, though the work goes on when it is renewed', async () => {
  const bench = new Bench();
  const { owner, store } = bench;
  const answer = owner.submitTasks([task()]);
  bench.leaseHolds = false;
  await expect(answer).rejects.toMatchObject({ code: 'shard-unavailable' });
  await expect(owner.submitTasks([task('t0-00000002')])).rejects.toMatchObject({ code: 'shard-unavailable' });
  await expect(owner.report([])).rejects.toMatchObject({ code: 'shard-unavailable' });
  expect([...store.tasks.keys()]).toEqual([T1]);
});

test('a placement that comes while the lease has run out for a moment is committed, since the epoch decides', async () => {
  const bench = new Bench();
  await bench.owner.submitTasks([task()]);
  bench.leaseHolds = false;
  expect(bench.owner.grant(granted)).toEqual([]);
  await turns();
  expect(bench.dispatched).toEqual([`${T1}#1`]);
  expect(bench.store.tasks.get(T1)?.state).toBe('assigned');
});

test('a placement for a task that is not queued any more is handed back', async () => {
  const { owner } = new Bench();
  await owner.submitTasks([task()]);
  await owner.cancelTask(T1, 'enough');
  expect(owner.grant(granted)).toEqual(granted);
});

test('a submission that is repeated because its answer got lost makes one task, also after that has ended', async () => {
  const { owner, store } = new Bench();
  await owner.submitTasks([task()]);
  const again = task(T1, { keyed: true });
  expect(await owner.submitTasks([again])).toEqual([{ id: T1, state: 'accepted', duplicate: false }]);
  await owner.cancelTask(T1, 'enough');
  expect(await owner.submitTasks([again])).toEqual([{ id: T1, state: 'accepted', duplicate: false }]);
  expect(store.tasks.get(T1)?.state).toBe('cancelled');
  expect(store.histories.get(T1)?.filter(({ type }) => type === 'task.submitted')).toHaveLength(1);
});

test('a repeated key meets its task: the same body as a duplicate, another one as a conflict', async () => {
  const { owner } = new Bench();
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
  const { owner, lbReports } = new Bench();
  await owner.submitTasks([task()]);
  owner.grant(granted);
  const report = { taskId: T1, outcome: 'succeeded' as const, startedAt: 0, finishedAt: 5, output: 1 };
  const acks = await owner.report([
    { ...report, attempt: 2 },
    { ...report, attempt: 1 },
    { ...report, attempt: 1 },
    { ...report, taskId: 't0-00000099', attempt: 1 },
  ]);
  expect(acks.map(({ status }) => status)).toEqual(['stale', 'recorded', 'stale', 'stale']);
  expect(lbReports).toEqual([
    { reservationId: 'r1', swarmId: 'a', taskId: T1, attempt: 1, outcome: 'succeeded', durationMs: 5 },
  ]);
});

test('another owner: what is not committed is refused, the queue forgets this one, and it says so once', async () => {
  const bench = new Bench();
  await bench.owner.submitTasks([task()]);
  bench.store.take();
  const late = bench.owner.submitTasks([task('t0-00000002')]);
  await expect(late).rejects.toMatchObject({ code: 'stale-epoch' });
  await expect(bench.owner.submitTasks([task('t0-00000003')])).rejects.toMatchObject({
    code: 'shard-unavailable',
  });
  expect(bench.gone).toContain(T1);
  expect(bench.lost).toBe(1);
  expect(bench.dispatched).toEqual([]);
});

test('a successor takes up what was left: queued to the scheduler, assigned to its swarm, backoff to the clock', async () => {
  const first = new Bench();
  const retry = { ...spec().retry, initialMs: 500, jitter: 0 };
  const ids = ['t0-00000001', 't0-00000002', 't0-00000003', 't0-00000004'] as const;
  await first.owner.submitTasks(ids.map((id) => task(id, { spec: spec({ retry }) })));
  first.owner.grant(ids.slice(1).map((taskId) => ({ taskId, placement: placement() })));
  await first.owner.dispatched([{ taskId: ids[2], attempt: 1, outcome: 'accepted' }]);
  const error = { code: 'attempt-failed', message: 'no', retryable: true };
  await first.owner.report([
    { taskId: ids[3], attempt: 1, outcome: 'failed', startedAt: 0, finishedAt: 1, error },
  ]);
  const second = new Bench(first.store, first.clock, await first.store.load());
  second.owner.resume();
  await turns();
  expect(second.ready).toEqual([ids[0]]);
  expect(second.dispatched).toEqual([`${ids[1]}#1`]);
  await pass(second.clock, 500);
  expect(second.ready).toEqual([ids[0], ids[3]]);
  expect(second.owner.activeTasks).toBe(4);
});

test('a cancellation that was under way when the owner died is sent again by its successor', async () => {
  const first = new Bench();
  await first.owner.submitTasks([task()]);
  first.owner.grant(granted);
  await first.owner.dispatched([{ taskId: T1, attempt: 1, outcome: 'accepted' }]);
  await first.owner.cancelTask(T1, 'enough');
  const second = new Bench(first.store, first.clock, await first.store.load());
  second.owner.resume();
  await turns();
  expect(second.cancelled).toEqual([`${T1}#1`]);
  expect(second.dispatched).toEqual([]);
  await second.owner.expire([{ taskId: T1, attempt: 1 }], 'the swarm is gone');
  expect(second.store.tasks.get(T1)?.state).toBe('cancelled');
});

test('what has ended is removed when its retention has passed, and not before', async () => {
  const { owner, store, clock } = new Bench();
  await owner.submitTasks([task()]);
  await owner.cancelTask(T1, 'enough');
  clock.advance(999);
  expect(await owner.sweep(10)).toBe(0);
  clock.advance(1);
  expect(await owner.sweep(10)).toBe(1);
  expect([store.tasks.size, store.histories.size, store.ended.size]).toEqual([0, 0, 0]);
});

test('the gateway repeats a command whose owner is moving, and says that it may be there already', async () => {
  const clock = new ManualClock();
  const seen: boolean[] = [];
  const submitTasks: OwnerCommands['submitTasks'] = (_shard, tasks) => {
    seen.push(...tasks.map(({ keyed }) => keyed));
    if (seen.length < 3) return Promise.reject(new MultiswarmError('shard-unavailable', 'moving'));
    return Promise.resolve(tasks.map(({ id }) => ({ id, state: 'queued', duplicate: false })));
  };
  // The gateway asks the intake for `task`, and the owners for `submitTasks`, and nothing else of either here.
  const intake = { task: () => task() } as unknown as ConstructorParameters<typeof Gateway>[0];
  const gateway = new Gateway(intake, { submitTasks } as OwnerCommands, 1, clock, 3_000, () => undefined);
  const answer = gateway.submitTask({}, 'trace');
  await pass(clock, 1_000);
  expect(await answer).toEqual({ id: T1, state: 'queued', duplicate: false });
  expect(seen).toEqual([false, true, true]);
});
