import {
  NamespaceSettings,
  type ControlRequest,
  type Grant,
  type ShardCheckReport,
} from '@multiswarm/contracts';
import { seededRandom, systemClock as clock, systemIds, type Clock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { noMeters, placement, spec } from '../../../test/support/builders';
import { MemoryShardStore } from '../../../test/support/memory-shard-store';
import type { TaskRecord } from '../../domain/task/record';
import { AttemptLeases } from '../attempt-leases';
import { Departures } from '../departures';
import { Dispatcher } from '../dispatcher';
import { OutboxRelay } from '../outbox-relay';
import { StreamedLink } from '../scheduler-link';
import { Scheduler } from '../scheduler';
import { SchedulerInbox } from '../scheduler-inbox';
import { KeptSlots } from '../kept-slots';
import { ShardOwner } from '../shard-owner';
import { Breather } from '../breather';
import { Turns } from '../turns';
import { ShardCheck } from './shard-check';

const SHARD = 0;
const PLACE = { swarmId: placement().swarmId, region: placement().region };
const TOMORROW = new Date(Date.now() + 86_400_000).toISOString();
const id = (n: number): string => `t0-${String(n).padStart(8, '0')}`;
const [WAITS, LATER, RUNS, DONE] = [id(1), id(2), id(3), id(4)] as const;
const times = { attemptLeaseMs: 60_000, regionTimeoutMs: 90_000, resendMs: 60_000 };
const waited = { ms: 0 };
/** Nothing is in motion here: what is looked at again need not be waited for. */
const IMPATIENT: Clock = {
  ...clock,
  // What was begun a moment ago was begun long ago.
  now: () => clock.now() + 60_000,
  after: (ms, fn) => {
    waited.ms += ms;
    return clock.after(ms / 50, fn);
  },
};
const logger = createLogger({ service: 'orchestrator', level: 'silent' });

/** An owner and a scheduler, as they are in one process, over a store in memory. */
class Bench {
  readonly store = new MemoryShardStore();
  readonly leases = new AttemptLeases(times, () => clock.monotonic());
  readonly dispatched: string[] = [];
  /** Nothing is ever placed by it: the load-balancer does not answer. */
  readonly scheduler = new Scheduler(1, 1, {
    placer: { place: () => new Promise(() => undefined), report: () => undefined },
    grants: { grant: () => new Promise(() => undefined) },
    ...{ clock, settings: () => NamespaceSettings.parse({}), onFault: () => undefined },
  });
  readonly link = new StreamedLink({
    ...{ replica: 'one', shards: 1, clock, onFault: () => undefined },
    send: () => new Promise(() => undefined),
  });
  readonly owner: ShardOwner;
  readonly streamed = { last: undefined as number | undefined };
  readonly relay: OutboxRelay;
  /** What the load-balancer counts, and what it and the swarms are told. */
  readonly slots = {
    counted: [{ ...PLACE, taskId: RUNS, attempt: 1, isReserved: false }],
    givenBack: [] as string[],
    givenUp: [] as string[],
    asked: 0,
    isHeard: true,
    times: { heartbeatMs: 2_000, slotKeptMs: 100 },
  };

  constructor() {
    const { epoch, batchSeq } = this.store.take(SHARD);
    const { store, leases, link } = this;
    const stream = { publish: () => Promise.resolve(), last: () => Promise.resolve(undefined) };
    this.relay = new OutboxRelay(
      SHARD,
      { epoch: 1, batchSeq: 0 },
      store,
      stream,
      clock,
      new Departures(clock),
      () => undefined,
    );
    const options = { shard: SHARD, epoch, reportTo: 'reports', giveUpMs: 10_000, epochOf: () => 1 };
    const regions = {
      dispatch: (
        _region: string,
        { attempts }: { attempts: { taskId: string; again?: boolean | undefined }[] },
      ) => {
        this.dispatched.push(...attempts.map(({ taskId, again }) => `${taskId}${again ? ' again' : ''}`));
        return new Promise<never>(() => undefined);
      },
      control: (region: string, swarmId: string, control: ControlRequest) => {
        if (control.kind === 'cancel')
          for (const { taskId, attempt } of control.attempts)
            this.slots.givenUp.push(`${taskId}#${attempt} ${swarmId} ${region}`);
        return Promise.resolve();
      },
    };
    const none = { place: () => Promise.resolve([]), report: () => undefined };
    const scheduler = new KeptSlots({ link, gateOf: () => undefined, placer: none, clock }, 0);
    this.owner = new ShardOwner(SHARD, epoch, batchSeq, {
      ...{ store, clock, leases, logger, relay: this.relay, scheduler, random: seededRandom(1) },
      placer: none,
      dispatcher: new Dispatcher(options, regions, clock, {
        outcomes: () => undefined,
        fault: () => undefined,
      }),
      ids: systemIds,
      capped: <T>(given: T): T => given,
      retentionMs: () => 3_600_000,
      leaseHolds: () => true,
      onLost: () => undefined,
      onCommitted: () => undefined,
      indexing: { turns: new Turns(), breather: new Breather(clock) },
      meters: noMeters,
    });
  }

  static async open(): Promise<Bench> {
    const bench = new Bench();
    const { owner, link, scheduler } = bench;
    await owner.open();
    link.took({ inbox: new SchedulerInbox(1, scheduler), scheduler });
    link.opened({ shard: SHARD, epoch: owner.epoch, snapshot: (of) => owner.snapshot(of) });
    const limited = { limitKeys: ['k'] };
    await owner.submitTasks([
      { id: WAITS, shard: SHARD, keyed: true, order: 1, spec: spec(limited) },
      {
        id: LATER,
        shard: SHARD,
        keyed: true,
        order: 2,
        spec: spec({ notBefore: TOMORROW }),
      },
      { id: RUNS, shard: SHARD, keyed: true, order: 3, spec: spec(limited) },
      { id: DONE, shard: SHARD, keyed: true, order: 4, spec: spec() },
    ]);
    await owner.grant({ v: 1, schedulerEpoch: 1, grants: [grant(RUNS), grant(DONE)] });
    const finished = {
      taskId: DONE,
      attempt: 1,
      outcome: 'succeeded' as const,
      startedAt: 1,
      finishedAt: 2,
      output: 1,
    };
    await owner.report({ swarmId: placement().swarmId, reports: [finished], outcomes: [], progress: [] })
      .acks;
    bench.scheduler.apply({
      ...FROM(owner.epoch),
      gone: [RUNS, DONE],
      held: [{ taskId: RUNS, attempt: 1, namespace: 'default', limitKeys: ['k'] }],
    });
    return bench;
  }

  async check(repair = false): Promise<ShardCheckReport & { wantsReload: boolean }> {
    const check = new ShardCheck(
      'run',
      this.owner.insides(),
      {
        ...{ inspector: this.store.inspector(), store: this.store, clock: IMPATIENT },
        census: (asked) => Promise.resolve(this.scheduler.census(asked)),
        owesSchedulerSince: (shard) => this.link.owesSince(shard),
        slotCensus: ({ after, swarms }) =>
          Promise.resolve({
            ...{ v: 1, next: null, heard: swarms.filter(() => this.slots.isHeard) },
            attempts: after === undefined ? this.slots.counted : [],
          }),
        giveSlotBack: ({ taskId, attempt, swarmId }) =>
          void this.slots.givenBack.push(`${taskId}#${attempt} ${swarmId}`),
        askHeartbeats: () => void (this.slots.asked += 1),
        slotTimes: this.slots.times,
        lastPublished: () => Promise.resolve(this.streamed.last),
      },
      repair,
    );
    await check.start();
    return { ...check.report(), wantsReload: check.wantsReload };
  }

  stop(): void {
    this.scheduler.stop();
    this.link.stop();
    this.owner.lose();
  }
}

const FROM = (epoch: number) => ({
  ...{ v: 1 as const, replica: 'one', schedulerEpoch: 1, shard: SHARD, epoch },
  ...{ classes: [], queued: [], gone: [], held: [], released: [] },
});
const grant = (taskId: string): Grant => ({
  taskId,
  attempt: 1,
  placement: placement({ reservationId: `r-${taskId}` }),
});
const told = ({ findings }: ShardCheckReport): string[] => findings.map(({ kind, of }) => `${kind} ${of}`);

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.stop());

/** Finds it, changes nothing, mends it, and finds nothing any more. */
async function foundAndMended(expected: string[]): Promise<ShardCheckReport & { wantsReload: boolean }> {
  for (let look = 0; look < 2; look += 1)
    expect(told(await bench.check()).sort()).toEqual([...expected].sort());
  const repaired = await bench.check(true);
  expect(repaired).toMatchObject({ found: expected.length, repaired: expected.length });
  return repaired;
}

test('where all agrees nothing is told', async () => {
  expect(await bench.check()).toMatchObject({
    state: 'done',
    findings: [],
    skipped: [],
    looked: 4,
    wantsReload: false,
  });
});

test('a timer that was forgotten, and one that nobody needs, are set right', async () => {
  const { due } = bench.owner.insides();
  due.set(LATER, undefined);
  due.set(WAITS, 4_000_000_000_000);
  await foundAndMended([`due-time ${LATER}`, `due-time ${WAITS}`]);
  expect([due.timeOf(LATER), due.timeOf(WAITS)]).toEqual([Date.parse(TOMORROW), undefined]);
  expect(await bench.check()).toMatchObject({ found: 0 });
});

test('an attempt that nobody watches is watched again, and its swarm asked; a watch of nothing ends', async () => {
  bench.leases.drop(RUNS, 1);
  bench.leases.hold(DONE, 1, 'eu', false);
  bench.dispatched.length = 0;
  await foundAndMended([`attempt-lease ${RUNS}`, `attempt-lease ${DONE}`]);
  expect(bench.leases.attemptOf(RUNS)).toBe(1);
  expect(bench.leases.attemptOf(DONE)).toBeUndefined();
  expect(await bench.check()).toMatchObject({ found: 0 });
});

test('a record in memory that is not the stored one has the shard taken anew', async () => {
  const { store } = bench;
  const { tasks } = store.data();
  tasks.set(WAITS, Object.freeze({ ...(tasks.get(WAITS) as TaskRecord), attempt: 3 }));
  expect(await foundAndMended([`memory ${WAITS}`])).toMatchObject({ wantsReload: true });
});

test('what the scheduler does not know, or should not, has the shard told anew', async () => {
  bench.scheduler.apply({
    ...FROM(bench.owner.epoch),
    gone: [WAITS],
    released: [{ taskId: RUNS, attempt: 1 }],
  });
  bench.scheduler.apply({
    ...FROM(bench.owner.epoch),
    held: [{ taskId: DONE, attempt: 1, namespace: 'default' }],
  });
  const expected = [`scheduler-queue ${WAITS}`, `scheduler-held ${RUNS}`, `scheduler-held ${DONE}`];
  const report = await bench.check();
  expect(told(report).sort()).toEqual([...expected].sort());
  expect(report.findings.find(({ of }) => of === DONE)).toMatchObject({
    expected: 'none',
    found: 'attempt 1',
  });
  expect(await bench.check(true)).toMatchObject({ repaired: 3, wantsReload: true });
});

test('an attempt whose grant the owner has not answered yet counts rightly, also when its task has ended', async () => {
  const held = [{ taskId: DONE, attempt: 1, namespace: 'default' }];
  bench.scheduler.apply({ ...FROM(bench.owner.epoch), held });
  expect(told(await bench.check())).toEqual([`scheduler-held ${DONE}`]);
  bench.scheduler['grants'].send([{ taskId: DONE, attempt: 1, shard: SHARD, placement: placement() }]);
  expect(await bench.check()).toMatchObject({ found: 0 });
});

test('a limit that counts wrong is counted anew', async () => {
  const { limits } = bench.scheduler['queue'];
  const set = limits.setFor('default', ['k']);
  for (const limit of set.limits) limit.running += 2;
  await foundAndMended(['scheduler-limit default', 'scheduler-limit default/k']);
  expect(await bench.check()).toMatchObject({ found: 0 });
});

test('a count that is off is found to the one, and mended by the difference', async () => {
  const { counts } = bench.store.data();
  counts.set('assigned', (counts.get('assigned') ?? 0) + 1);
  const report = await foundAndMended(['count assigned']);
  expect(report.findings[0]).toMatchObject({ expected: '1', found: '2', remedy: '-1 is added to the count' });
  expect(await bench.check()).toMatchObject({ found: 0 });
});

test('what the search index says otherwise than the records, lacks or has too much, is entered anew', async () => {
  const { index } = bench.owner.insides();
  const columns = index['index'];
  const stored = bench.store.data().tasks;
  columns.put({ ...(stored.get(WAITS) as TaskRecord), state: 'running', since: 7 });
  columns.remove(LATER);
  const other = spec({ metadata: { customer: 'acme' } });
  index.enter(DONE, { ...(stored.get(DONE) as TaskRecord), spec: { ...other, type: 'other' } });
  columns.put({ ...(stored.get(RUNS) as TaskRecord), id: id(9) });
  const expected = [WAITS, LATER, DONE, id(9)].map((each) => `search-index ${each}`);
  const report = await foundAndMended(expected);
  const found = new Map(report.findings.map((each) => [each.of, each.found]));
  expect(found.get(WAITS)).toBe('another state, time of its state');
  expect(found.get(LATER)).toBe('nowhere');
  expect(found.get(DONE)).toBe('another type, metadata');
  expect(found.get(id(9))).toBe('a row');
  expect(await bench.check()).toMatchObject({ found: 0, wantsReload: false });
});

describe('slots that the load-balancer counts', () => {
  const counts = (taskId: string, attempt: number, given = {}) => ({
    ...{ ...PLACE, taskId, attempt, isReserved: true },
    ...given,
  });

  test('of an attempt that is over, or older than the current one, are given back, or its swarm is told', async () => {
    const { slots } = bench;
    slots.counted.push(
      counts(DONE, 1),
      counts(id(8), 4, { swarmId: 's8', isReserved: false, region: 'far' }),
    );
    await foundAndMended([`slot ${DONE}`, `slot ${id(8)}`]);
    expect(slots.givenBack).toEqual([`${DONE}#1 ${PLACE.swarmId}`]);
    expect(slots.givenUp).toEqual([`${id(8)}#4 s8 far`]);
    slots.counted.splice(1);
    expect(await bench.check()).toMatchObject({ found: 0 });
  });

  test('are looked at for longer than a swarm is silent and a slot is kept', async () => {
    const { slots } = bench;
    slots.counted.push(counts(DONE, 1));
    for (const times of [
      { heartbeatMs: 20_000, slotKeptMs: 100 },
      { heartbeatMs: 50, slotKeptMs: 1_000 },
    ]) {
      [slots.times, waited.ms] = [times, 0];
      expect(told(await bench.check())).toEqual([`slot ${DONE}`]);
      expect(waited.ms).toBeGreaterThan(Math.max(times.heartbeatMs, 2_000) + times.slotKeptMs);
    }
  });

  test('of an attempt that is placed and not yet told are in motion', async () => {
    bench.slots.counted.push(counts(WAITS, 1), counts(RUNS, 2));
    expect(await bench.check()).toMatchObject({ found: 0 });
  });

  test('lack one that runs: swarms are asked for a heartbeat; of a swarm that is not heard nothing is expected', async () => {
    const { slots, owner } = bench;
    // Two attempts are missing: all swarms hear one question.
    await owner.grant({ v: 1, schedulerEpoch: 1, grants: [grant(WAITS)] });
    bench.scheduler.apply({
      ...FROM(owner.epoch),
      gone: [WAITS],
      held: [{ taskId: WAITS, attempt: 1, namespace: 'default', limitKeys: ['k'] }],
    });
    await owner.dispatched(
      [RUNS, WAITS].map((taskId) => ({ taskId, attempt: 1, outcome: 'accepted' as const })),
    );
    slots.counted.splice(0);
    const report = await foundAndMended([`slot ${RUNS}`, `slot ${WAITS}`]);
    expect(report.findings[0]).toMatchObject({ found: 'not counted', where: 'load-balancer: slots' });
    expect(slots.asked).toBe(1);
    slots.isHeard = false;
    expect(await bench.check()).toMatchObject({ found: 0 });
    slots.isHeard = true;
    // They run for less than some heartbeats: perhaps no heartbeat has listed them yet.
    slots.times = { heartbeatMs: 20_000, slotKeptMs: 100 };
    expect(await bench.check()).toMatchObject({ found: 0 });
  });
});

test('an id that is taken for a new one is learnt', async () => {
  const { ids } = bench.owner.insides();
  await ids.learn();
  ids['filter'] = new (ids['filter']?.constructor as new (room: number) => never)(1_000);
  expect(told(await bench.check()).sort()).toEqual(
    [DONE, LATER, RUNS, WAITS].map((each) => `known-id ${each}`).sort(),
  );
  expect(await bench.check(true)).toMatchObject({ repaired: 4 });
  expect(await bench.check()).toMatchObject({ found: 0 });
});

test('a stream that is ahead of the store is told, and that nothing here can mend it', async () => {
  bench.streamed.last = 1_000_000;
  const report = await bench.check(true);
  expect(report).toMatchObject({ found: 1, repaired: 0 });
  expect(told(report)).toEqual(['event-stream shard 0']);
});
