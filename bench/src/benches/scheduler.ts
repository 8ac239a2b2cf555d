import { setTimeout as delay } from 'node:timers/promises';
import {
  NamespaceSettings,
  shardOf,
  type AttemptRef,
  type PlaceItem,
  type Placement,
  type PlaceResult,
  type QueuedTask,
  type TaskClass,
} from '@multiswarm/contracts';
import { systemClock } from '@multiswarm/core';
import { Scheduler } from '../../../services/orchestrator/src/application/scheduler';
import type { FreedSlot, GrantPort, Placer } from '../../../services/orchestrator/src/ports';
import type { Figure } from '../report';
import { median, rounded } from '../statistics';
import type { Bench } from './bench';
import { inTime } from './side-by-side';

const SHARDS = 16;
const FEW = 1_000;
const STEP = 10_000;
const ROUNDS = 5;
const WARM_UP_ROUNDS = 5;
/** Tasks that an owner tells in one message. */
const TOLD = 250;
/** Reports of one message, whose slots come free together. */
const FREED = 50;
const FAIRNESS_KEYS = 20;
const NO_CLASS: TaskClass = { key: 'noop', namespace: 'default', type: 'noop', requirements: {} };
const SETTINGS = NamespaceSettings.parse({});
const PLACED_AT = '2024-01-01T00:00:00.000Z';

interface Costs {
  tell: number;
  grant: number;
  fetch: number;
}

/**
 * The scheduler alone, in this process, between owners that answer at once and a load-balancer that places at once: what it
 * spends on a task that it is told of, on one that it places and grants, and on one that it hands out for a slot that comes
 * free with a report; when few and when many wait. Processor time, garbage collection included.
 */
export const scheduler: Bench = async (options, progress) => {
  const { waiting, runs } = options;
  const levels: Record<'few' | 'many', Costs[]> = { few: [], many: [] };
  for (let run = 1; run <= runs; run++) {
    const world = new World();
    world.tell(FEW);
    for (let round = 0; round < WARM_UP_ROUNDS; round++) await world.round();
    levels.few.push(await rounds(world));
    world.tell(waiting - FEW);
    levels.many.push(await rounds(world));
    world.stop();
    const show = (level: 'few' | 'many'): string =>
      JSON.stringify(levels[level].at(-1), (_, value: unknown) =>
        typeof value === 'number' ? rounded(value) : value,
      );
    progress(
      `run ${run}/${runs}  µs per task with ${FEW} waiting ${show('few')}, with ${waiting} ${show('many')}`,
    );
  }
  const settings = { few: FEW, many: waiting, step: STEP, runs, shards: SHARDS, fairnessKeys: FAIRNESS_KEYS };
  return (['tell', 'grant', 'fetch'] as const).flatMap((what) =>
    (['few', 'many'] as const).map((level): Figure => ({
      bench: 'scheduler',
      metric: `${what}, with ${level === 'few' ? FEW : waiting} waiting`,
      unit: 'µs/task',
      own: { name: 'multiswarm', runs: levels[level].map((costs) => costs[what]) },
      ...{ settings, serverVersions: {} },
    })),
  );
};

async function rounds(world: World): Promise<Costs> {
  const all: Costs[] = [];
  for (let round = 0; round < ROUNDS; round++) all.push(await world.round());
  const of = (what: keyof Costs): number => median(all.map((costs) => costs[what]));
  return { tell: of('tell'), grant: of('grant'), fetch: of('fetch') };
}

/** Owners and a load-balancer that take no time of their own worth mentioning. */
class World implements Placer, GrantPort {
  private readonly scheduler: Scheduler;
  private readonly seqs = Array.from({ length: SHARDS }, () => 1);
  private told = 0;
  private free = 0;
  private granted: FreedSlot[] = [];

  constructor() {
    this.scheduler = new Scheduler(1, SHARDS, {
      placer: this,
      grants: this,
      clock: systemClock,
      settings: () => SETTINGS,
      onFault: (error) => console.error('scheduler:', error),
    });
    for (let shard = 0; shard < SHARDS; shard++)
      this.scheduler.apply({
        ...this.change(shard),
        snapshot: { first: true, last: true },
        classes: [NO_CLASS],
      });
  }

  stop(): void {
    this.scheduler.stop();
  }

  tell(count: number): void {
    for (let left = count; left > 0; left -= TOLD) {
      const shard = Math.floor(this.told / TOLD) % SHARDS;
      const queued = Array.from({ length: Math.min(TOLD, left) }, () => this.task(shard));
      this.scheduler.apply({ ...this.change(shard), queued });
    }
  }

  /** As many tasks come as go: half of them by grants, half by fetching. */
  async round(): Promise<Costs> {
    const tell = cpu(() => this.tell(2 * STEP));
    const from = process.cpuUsage();
    const first = this.grants(STEP);
    await inTime('granting', first);
    const grant = since(from);
    const freed = this.granted.splice(0);
    const fetch = cpu(() => this.fetchAll(freed));
    this.release(freed);
    await delay(0);
    return { tell: tell / (2 * STEP), grant: grant / STEP, fetch: fetch / STEP };
  }

  place(_epoch: number, items: PlaceItem[]): Promise<PlaceResult[]> {
    return Promise.resolve(
      items.map(({ key }) =>
        this.free-- > 0
          ? { key, placement: PLACEMENT }
          : { key, waiting: { reason: 'no-slot', since: PLACED_AT, detail: 'no free slot', unmet: [] } },
      ),
    );
  }

  report(): void {
    // Nothing is given back: every grant is taken.
  }

  grant(shard: number, { grants }: Parameters<GrantPort['grant']>[1]): ReturnType<GrantPort['grant']> {
    for (const { taskId, attempt } of grants) this.granted.push({ ...SLOT, taskId, attempt });
    return Promise.resolve({ v: 1, refused: [] });
  }

  private async grants(count: number): Promise<void> {
    this.free = count;
    this.scheduler.capacityChanged(count);
    while (this.granted.length < count) await new Promise(setImmediate);
  }

  private fetchAll(freed: FreedSlot[]): void {
    let fetched = 0;
    for (let from = 0; from < freed.length; from += FREED)
      fetched += this.scheduler.fetch(freed.slice(from, from + FREED)).length;
    if (fetched !== freed.length) throw new Error(`${fetched} of ${freed.length} tasks were fetched`);
  }

  /** What was granted is over: limits are free again. */
  private release(freed: readonly FreedSlot[]): void {
    const byShard = new Map<number, AttemptRef[]>();
    for (const { taskId, attempt } of freed) {
      const shard = shardOf(taskId, SHARDS) ?? 0;
      const refs = byShard.get(shard) ?? [];
      refs.push({ taskId, attempt });
      byShard.set(shard, refs);
    }
    for (const [shard, released] of byShard) this.scheduler.apply({ ...this.change(shard), released });
  }

  private change(shard: number) {
    const seq = this.seqs[shard] ?? 1;
    this.seqs[shard] = seq + 1;
    const nothing = { classes: [], queued: [], gone: [], held: [], released: [] };
    return { v: 1 as const, replica: 'bench', schedulerEpoch: 1, shard, epoch: 1, seq, ...nothing };
  }

  private task(shard: number): QueuedTask {
    const n = this.told++;
    return {
      taskId: `t${shard}-${String(n).padStart(32, '0')}`,
      attempt: 1,
      classKey: NO_CLASS.key,
      priority: 'normal',
      order: n,
      queuedAt: Date.now(),
      fairnessKey: `key-${n % FAIRNESS_KEYS}`,
    };
  }
}

const PLACEMENT: Placement = {
  swarmId: 'bench',
  region: 'local',
  reservationId: 'r',
  costPerSlotHour: 0,
  receipt: {
    ...{ policy: 'least-loaded', decidedAt: PLACED_AT, candidates: 1, feasible: 1, withFreeSlot: 1 },
    ...{ rejected: [], ranked: [], because: 'bench' },
  },
};
const SLOT = {
  ...{ swarmId: 'bench', region: 'local', classKey: NO_CLASS.key, reservationId: 'r', costPerSlotHour: 0 },
};

/** Microseconds of processor time. */
function cpu(work: () => void): number {
  const from = process.cpuUsage();
  work();
  return since(from);
}

function since(from: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from);
  return user + system;
}
