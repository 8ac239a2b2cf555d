import type { Grant, LbReport, ReportRequest } from '@multiswarm/contracts';
import { deferred, ManualClock, seededRandom, systemIds } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { turns } from '@multiswarm/testing';
import { AttemptLeases } from '../../src/application/attempt-leases';
import { Breather } from '../../src/application/breather';
import { Departures } from '../../src/application/departures';
import { Dispatcher } from '../../src/application/dispatcher';
import type { NewTask } from '../../src/application/intake';
import { OutboxRelay } from '../../src/application/outbox-relay';
import type { EffectParts } from '../../src/application/shard-effects';
import { ShardOwner } from '../../src/application/shard-owner';
import { Turns } from '../../src/application/turns';
import type { Regions, SnapshotPage } from '../../src/ports';
import { noMeters, placement, spec } from './builders';
import { MemoryShardStore } from './memory-shard-store';

export const id = (n: number): string => `t0-${String(n).padStart(8, '0')}`;
export const T1 = id(1);
export const T2 = id(2);
export const T3 = id(3);
export const SCHEDULER = 1;

const EVENT_STREAM = { publish: () => Promise.resolve(), last: () => Promise.resolve(undefined) };

/** An owner over a store in memory; what leaves it is written down. */
export class OwnerBench {
  readonly queued: string[] = [];
  readonly gone: string[] = [];
  readonly avoided: string[][] = [];
  readonly released: string[] = [];
  readonly dispatched: string[] = [];
  readonly controls: string[] = [];
  readonly lbReports: LbReport['outcomes'] = [];
  leaseHolds = true;
  lost = 0;
  owner: ShardOwner;

  private constructor(
    readonly store: MemoryShardStore,
    readonly clock: ManualClock,
    private readonly memory?: { hotWaiting: number; recalledAtOnce: number },
  ) {
    this.owner = this.take();
  }

  static async open(store = new MemoryShardStore(), clock = new ManualClock()): Promise<OwnerBench> {
    const bench = new OwnerBench(store, clock);
    await bench.owner.open();
    await turns();
    return bench;
  }

  /** Of which nothing that waits stays in memory; what is read is read one by one, and not before `gate` is open. */
  static async forgetful(): Promise<OwnerBench & { open: () => void }> {
    const store = new MemoryShardStore();
    const bench = new OwnerBench(store, new ManualClock(), { hotWaiting: 0, recalledAtOnce: 1 });
    await bench.owner.open();
    await turns();
    const gate = deferred<undefined>();
    const read = store.tasks.bind(store);
    store.tasks = async (shard, ids) => {
      const records = await read(shard, ids);
      await gate.promise;
      return records;
    };
    return Object.assign(bench, { open: () => gate.resolve(undefined) });
  }

  /** Another owner takes over, which knows what is stored. */
  async replace(): Promise<void> {
    this.owner = this.take();
    await this.owner.open();
    await turns();
  }

  private take(): ShardOwner {
    const { epoch, batchSeq } = this.store.take();
    const { clock, store } = this;
    const regions: Regions = {
      dispatch: (_region, { attempts }) => {
        this.dispatched.push(
          ...attempts.map(({ taskId, attempt, again }) => `${taskId}#${attempt}${again ? ' again' : ''}`),
        );
        return new Promise(() => undefined);
      },
      control: (_region, _swarm, control) => {
        if (control.kind === 'cancel')
          this.controls.push(...control.attempts.map(({ taskId, attempt }) => `cancel ${taskId}#${attempt}`));
        if (control.kind === 'signal')
          for (const each of control.signals)
            this.controls.push(`signal ${each.taskId} ${each.signals.map(({ name }) => name).join(',')}`);
        return Promise.resolve();
      },
    };
    const link: EffectParts['scheduler'] = {
      tell: (_shard, { queued = [], gone = [], released = [] }) => {
        this.queued.push(...queued.map(({ task }) => `${task.taskId}#${task.attempt}`));
        this.gone.push(...gone);
        this.avoided.push(...queued.map(({ task }) => task.avoid ?? []));
        this.released.push(...released.map(({ taskId, attempt }) => `${taskId}#${attempt}`));
      },
      capacityChanged: () => undefined,
      keepsEnd: () => false,
    };
    const options = { shard: 0, epoch, reportTo: 'reports', giveUpMs: 10_000, epochOf: () => 1 };
    const on = { outcomes: () => undefined, fault: () => undefined };
    const times = { attemptLeaseMs: 10_000, regionTimeoutMs: 30_000, resendMs: 2_000 };
    return new ShardOwner(0, epoch, batchSeq, {
      store,
      clock,
      scheduler: link,
      placer: {
        place: () => Promise.resolve([]),
        report: (outcomes) => void this.lbReports.push(...outcomes),
      },
      dispatcher: new Dispatcher(options, regions, clock, on),
      leases: new AttemptLeases(times, () => clock.monotonic()),
      relay: new OutboxRelay(
        0,
        { epoch, batchSeq },
        store,
        EVENT_STREAM,
        clock,
        new Departures(clock),
        () => undefined,
      ),
      random: seededRandom(1),
      logger: createLogger({ service: 'orchestrator', level: 'silent' }),
      ids: systemIds,
      capped: <T>(given: T): T => given,
      retentionMs: (namespace) => (namespace === 'short' ? 10 : 1_000),
      leaseHolds: () => this.leaseHolds,
      onLost: () => void (this.lost += 1),
      onCommitted: () => undefined,
      indexing: { turns: new Turns(), breather: new Breather(clock) },
      ...(this.memory === undefined ? {} : { memory: this.memory }),
      meters: noMeters,
    });
  }

  state(task: string): string | undefined {
    return this.store.data().tasks.get(task)?.state;
  }
}

export const task = (given = T1, more: Partial<NewTask> = {}): NewTask => ({
  id: given,
  shard: 0,
  keyed: false,
  order: Number(given.slice(3)),
  spec: spec(),
  ...more,
});
export const grant = (taskId = T1, attempt = 1, reservationId = 'r1'): Grant => ({
  taskId,
  attempt,
  placement: placement({ reservationId }),
});
export const granting = (grants: Grant[], schedulerEpoch = SCHEDULER) => ({
  v: 1 as const,
  schedulerEpoch,
  grants,
});
export const accepted = (taskId: string, attempt = 1): ReportRequest['outcomes'] => [
  { taskId, attempt, outcome: 'accepted' },
];
export const result = (
  taskId: string,
  attempt = 1,
  given: Partial<ReportRequest['reports'][number]> = {},
) => ({
  taskId,
  attempt,
  outcome: 'succeeded' as const,
  startedAt: 0,
  finishedAt: 5,
  output: 1,
  ...given,
});
export const reporting = (...reports: ReportRequest['reports']) => ({
  swarmId: 'a',
  reports,
  outcomes: [],
  progress: [],
});

export async function pages(owner: ShardOwner, epoch = SCHEDULER): Promise<SnapshotPage[]> {
  const all: SnapshotPage[] = [];
  for await (const page of owner.snapshot(epoch)) all.push(page);
  return all;
}
