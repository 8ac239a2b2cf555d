import {
  MultiswarmError,
  NamespaceSettings,
  type GrantReply,
  type GrantRequest,
  type LbReport,
  type PlaceItem,
  type PlaceResult,
  type Priority,
  type QueuedTask,
  type SchedulerChanges,
  type TaskClass,
} from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { turns } from '@multiswarm/testing';
import { Scheduler } from '../../src/application/scheduler';
import type { FreedSlot, GrantPort, Placer } from '../../src/ports';
import { placement } from './builders';

export interface WorldTask {
  task: QueuedTask;
  shard: number;
  state: 'queued' | 'assigned' | 'ended';
  swarmId?: string;
  reservationId?: string;
  /** The pass before which the scheduler was told of it. */
  toldBefore: number;
}

interface Swarm {
  id: string;
  slots: number;
  types: readonly string[];
  /** Attempts with a slot, by task. */
  used: Map<string, string>;
}

type Outcome = LbReport['outcomes'][number];
type Told = Partial<SchedulerChanges>;

/** Swarms that a refusal names. */
const NAMED = 2;

/**
 * Owners, a load-balancer and swarms around one real scheduler: exact where the scheduler relies on them, and as unreliable
 * as they may be. It counts what must hold, and says what does not.
 */
export class SchedulingWorld implements Placer, GrantPort {
  readonly clock = new ManualClock();
  readonly tasks = new Map<string, WorldTask>();
  readonly swarms = new Map<string, Swarm>();
  readonly faults: string[] = [];
  /** Ids in the order in which the scheduler gave them away. */
  readonly placed: string[] = [];
  scheduler: Scheduler;
  settings = NamespaceSettings.parse({});
  isBalancerAway = false;
  readonly awayShards = new Set<number>();
  /** Their tasks may have been passed over. */
  private readonly wereAway = new Set<number>();
  asked = 0;
  private passes = 0;
  private reservations = 0;
  private orders = 0;
  private epoch = 1;
  private readonly epochs: number[];
  /** How many snapshots each shard has sent: what was granted before the last one is refused. */
  private readonly snapshots: number[];
  private readonly classes = new Map<string, TaskClass>();
  private given: { id: string; pass: number }[] = [];

  constructor(readonly shards: number) {
    this.epochs = Array.from({ length: shards }, () => 1);
    this.snapshots = Array.from({ length: shards }, () => 0);
    this.scheduler = this.newScheduler();
  }

  // What happens

  join(id: string, slots: number, types: readonly string[]): void {
    this.swarms.set(id, { id, slots, types, used: new Map() });
    this.scheduler.capacityChanged(slots, { swarmId: id, reason: 'joined' });
  }

  submit(
    type: string,
    given: {
      shard?: number;
      priority?: Priority;
      fairnessKey?: string;
      limitKeys?: string[];
      late?: boolean;
    } = {},
  ): string {
    const { shard = 0, late = false, priority = 'normal', ...rest } = given;
    this.orders += 10;
    const taskId = `t${this.orders}`;
    const task: QueuedTask = {
      ...{ taskId, attempt: 1, classKey: this.classOf(type).key, priority, ...rest },
      order: late ? this.orders - 25 : this.orders,
      queuedAt: this.clock.now(),
    };
    this.tasks.set(taskId, { task, shard, state: 'queued', toldBefore: this.passes });
    this.tell(shard, { queued: [task] });
    return taskId;
  }

  cancel(taskId: string): void {
    const known = this.tasks.get(taskId);
    if (known?.state !== 'queued') return;
    known.state = 'ended';
    this.tell(known.shard, { gone: [taskId] });
  }

  /** Ends an attempt; with `fetch` its slot is offered to the scheduler of this process before it comes free. */
  finish(taskId: string, fetch: boolean): void {
    const known = this.tasks.get(taskId);
    if (known?.state !== 'assigned') return;
    const { swarmId = '', reservationId = '', task } = known;
    const slot: FreedSlot = {
      ...{ taskId, attempt: task.attempt, swarmId, region: 'eu-west', reservationId },
      ...{ classKey: task.classKey, costPerSlotHour: 1 },
    };
    const [next] = fetch ? this.scheduler.fetch([slot]) : [];
    known.state = 'ended';
    const swarm = this.swarms.get(swarmId);
    swarm?.used.delete(taskId);
    if (next) this.handOver(next.taskId, next.attempt, swarmId, next.placement.reservationId);
    else if (swarm) this.announce(swarm);
    this.tell(known.shard, { released: [{ taskId, attempt: task.attempt }] });
  }

  /** The attempt is lost, and its task waits under the next number. */
  lose(taskId: string): void {
    const known = this.tasks.get(taskId);
    if (known?.state !== 'assigned') return;
    const { attempt } = known.task;
    const swarm = this.swarms.get(known.swarmId ?? '');
    known.state = 'queued';
    known.task = { ...known.task, attempt: attempt + 1, queuedAt: this.clock.now() };
    known.toldBefore = this.passes;
    this.tell(known.shard, { queued: [known.task] });
    swarm?.used.delete(taskId);
    if (swarm) this.announce(swarm);
    this.tell(known.shard, { released: [{ taskId, attempt }] });
  }

  setAway(shard: number, isAway: boolean): void {
    this.wereAway.add(shard);
    if (isAway) this.awayShards.add(shard);
    else this.awayShards.delete(shard);
  }

  set(settings: Record<string, unknown>): void {
    this.settings = NamespaceSettings.parse(settings);
    this.scheduler.namespaceChanged('default');
  }

  /** Another owner takes the shard. */
  moveShard(shard: number): void {
    this.epochs[shard] = (this.epochs[shard] ?? 1) + 1;
    this.snapshot(shard);
  }

  /** Another scheduler takes office, and hears of all shards. */
  replaceScheduler(): void {
    this.scheduler.stop();
    this.epoch += 1;
    this.scheduler = this.newScheduler();
    this.snapshotAll();
  }

  snapshotAll(): void {
    for (let shard = 0; shard < this.shards; shard += 1) this.snapshot(shard);
  }

  /** All that a shard has, in pages. */
  snapshot(shard: number): void {
    this.snapshots[shard] = (this.snapshots[shard] ?? 0) + 1;
    const own = [...this.tasks.values()].filter((each) => each.shard === shard);
    const held = own
      .filter(({ state }) => state === 'assigned')
      .map(({ task: { taskId, attempt, limitKeys } }) => ({
        ...{ taskId, attempt, namespace: 'default' },
        ...(limitKeys ? { limitKeys } : {}),
      }));
    const waiting = own.filter(({ state }) => state === 'queued');
    for (const each of waiting) each.toldBefore = this.passes;
    this.tell(shard, { snapshot: { first: true, last: false }, held });
    for (let at = 0; at < waiting.length; at += 3)
      this.tell(shard, {
        snapshot: { first: false, last: false },
        queued: waiting.slice(at, at + 3).map(({ task }) => task),
      });
    this.tell(shard, { snapshot: { first: false, last: true } });
  }

  // The load-balancer

  async place(epoch: number, items: PlaceItem[]): Promise<PlaceResult[]> {
    this.passes += 1;
    this.asked += items.length;
    await turns(1);
    if (this.isBalancerAway) throw new MultiswarmError('bus-unavailable', 'nobody answers');
    if (epoch !== this.epoch) throw new MultiswarmError('stale-epoch', 'another scheduler is in office');
    // Whoever asks again has lost the first answer: all of it is given back before anything is placed.
    const known = items.map(({ key }) => key);
    for (const swarm of this.swarms.values()) known.forEach((key) => swarm.used.delete(key));
    const results = items.map((item) => this.placeOne(item));
    await turns(1);
    return results;
  }

  report(outcomes: Outcome[]): void {
    for (const { swarmId, taskId, reservationId } of outcomes) {
      const swarm = this.swarms.get(swarmId);
      if (swarm?.used.get(taskId) !== reservationId) continue;
      swarm.used.delete(taskId);
      this.announce(swarm);
    }
  }

  // The owners

  async grant(shard: number, request: GrantRequest): Promise<GrantReply> {
    const { grants, schedulerEpoch, epoch, since = 0 } = request;
    for (const { taskId } of grants) this.gave(taskId);
    await turns(1);
    if (this.awayShards.has(shard) || epoch !== this.epochs[shard] || schedulerEpoch !== this.epoch)
      throw new MultiswarmError('shard-unavailable', 'nobody owns it');
    if (since < (this.snapshots[shard] ?? 0)) return { v: 1, refused: grants };
    const refused = grants.filter(({ taskId, attempt, placement: { swarmId, reservationId } }) => {
      const known = this.tasks.get(taskId);
      if (known?.state === 'assigned' && known.reservationId === reservationId) return false;
      if (known?.state !== 'queued' || known.task.attempt !== attempt) return true;
      this.assign(known, swarmId, reservationId);
      return false;
    });
    return { v: 1, refused };
  }

  // What must hold

  /** Lets everything that is due happen, with everybody there and time for what waits between tries. */
  async settle(): Promise<void> {
    this.isBalancerAway = false;
    this.awayShards.clear();
    for (let round = 0; round < 6; round += 1) {
      await turns(12);
      this.clock.advance(1_000);
    }
    await turns(12);
    this.checkOrder();
  }

  /** Tasks that wait although a swarm that fits has a free slot and no limit holds them. */
  forgotten(): string[] {
    return [...this.tasks.values()]
      .filter(({ state, task }) => state === 'queued' && !this.isLimited(task))
      .filter(({ task }) => this.fitting(this.typeOf(task)).some((swarm) => swarm.used.size < swarm.slots))
      .map(({ task }) => task.taskId);
  }

  assigned(): WorldTask[] {
    return [...this.tasks.values()].filter(({ state }) => state === 'assigned');
  }

  waiting(): string[] {
    return [...this.tasks.values()].filter(({ state }) => state === 'queued').map(({ task }) => task.taskId);
  }

  /** Whatever was given away: nothing that was there before, and was to go before it, is still waiting. */
  checkOrder(): void {
    const given = this.given.splice(0);
    const away = new Set(given.map(({ id }) => id));
    for (const { id, pass } of given) {
      const later = this.tasks.get(id);
      if (!later) continue;
      for (const earlier of this.tasks.values()) {
        if (earlier.state !== 'queued' || away.has(earlier.task.taskId) || earlier.toldBefore >= pass)
          continue;
        if (!isSameLane(earlier.task, later.task) || earlier.task.order > later.task.order) continue;
        // What a pass takes of a limit holds others, also when it comes to nothing: only equals are compared.
        if (
          !earlier.task.limitKeys?.every((key) => later.task.limitKeys?.includes(key)) &&
          earlier.task.limitKeys
        )
          continue;
        if (!this.isLimited(earlier.task) && !this.wereAway.has(earlier.shard) && earlier.task.attempt === 1)
          this.faults.push(`${id} was placed before ${earlier.task.taskId}`);
      }
    }
  }

  private newScheduler(): Scheduler {
    return new Scheduler(this.epoch, this.shards, {
      ...{ placer: this, clock: this.clock },
      grants: {
        grant: (shard, request) =>
          this.grant(shard, {
            ...request,
            epoch: this.epochs[shard] ?? 1,
            since: this.snapshots[shard] ?? 0,
          }),
      },
      settings: () => this.settings,
      onFault: () => undefined,
    });
  }

  private tell(shard: number, told: Told): void {
    const status = this.scheduler.apply({
      ...{ v: 1, replica: 'a', schedulerEpoch: this.epoch, shard, epoch: this.epochs[shard] ?? 1 },
      ...{ classes: [...this.classes.values()], queued: [], gone: [], held: [], released: [] },
      ...told,
    });
    if (status === 'unknown-shard') this.snapshot(shard);
  }

  private classOf(type: string): TaskClass {
    let known = this.classes.get(type);
    if (!known) this.classes.set(type, (known = { key: type, namespace: 'default', type, requirements: {} }));
    return known;
  }

  private typeOf({ classKey }: QueuedTask): string {
    return classKey;
  }

  private fitting(type: string): Swarm[] {
    return [...this.swarms.values()].filter(({ types }) => types.includes(type));
  }

  private placeOne({ key, type }: PlaceItem): PlaceResult {
    const fitting = this.fitting(type);
    const swarm = fitting.find(({ used, slots }) => used.size < slots);
    const since = new Date(this.clock.now()).toISOString();
    if (fitting.length === 0)
      return { key, waiting: { reason: 'no-swarm', since, detail: 'none', unmet: [] } };
    if (!swarm) {
      const examples = fitting.slice(0, NAMED).map(({ id }) => id);
      const unmet = [{ rule: 'slot' as const, count: fitting.length, detail: 'a free slot', examples }];
      return { key, waiting: { reason: 'no-slot', since, detail: 'full', unmet } };
    }
    this.reservations += 1;
    const reservationId = `r${this.reservations}`;
    swarm.used.set(key, reservationId);
    return { key, placement: placement({ swarmId: swarm.id, reservationId }) };
  }

  private announce({ id, slots, used }: Swarm): void {
    if (used.size < slots)
      this.scheduler.capacityChanged(slots - used.size, { swarmId: id, reason: 'freed' });
  }

  private handOver(taskId: string, attempt: number, swarmId: string, reservationId: string): void {
    const known = this.tasks.get(taskId);
    this.gave(taskId);
    // Nobody else may hold a slot for it: the load-balancer gives up what it has reserved for an attempt that is handed over.
    for (const swarm of this.swarms.values()) if (swarm.used.delete(taskId)) this.announce(swarm);
    const swarm = this.swarms.get(swarmId);
    if (!known || !swarm) return;
    if (!swarm.types.includes(this.typeOf(known.task))) this.faults.push(`${taskId} does not fit ${swarmId}`);
    swarm.used.set(taskId, reservationId);
    const isWanted = known.state === 'queued' && known.task.attempt === attempt;
    if (!isWanted || this.awayShards.has(known.shard))
      this.scheduler.refused(known.shard, [{ taskId, attempt }]);
    else this.assign(known, swarmId, reservationId);
  }

  private assign(known: WorldTask, swarmId: string, reservationId: string): void {
    known.state = 'assigned';
    known.swarmId = swarmId;
    known.reservationId = reservationId;
    this.checkLimits();
  }

  private gave(taskId: string): void {
    this.placed.push(taskId);
    this.given.push({ id: taskId, pass: this.passes });
  }

  private checkLimits(): void {
    const running = this.assigned().map(({ task }) => task);
    const most = this.settings.limit?.concurrency ?? Infinity;
    if (running.length > most) this.faults.push(`${running.length} run, the namespace allows ${most}`);
    for (const [key, limit] of Object.entries(this.settings.limits)) {
      const count = running.filter(({ limitKeys }) => limitKeys?.includes(key)).length;
      if (count > (limit.concurrency ?? Infinity)) this.faults.push(`${count} run under ${key}`);
    }
  }

  private isLimited({ limitKeys = [] }: QueuedTask): boolean {
    const running = this.assigned().map(({ task }) => task);
    if (running.length >= (this.settings.limit?.concurrency ?? Infinity)) return true;
    return limitKeys.some((key) => {
      const most = this.settings.limits[key]?.concurrency ?? Infinity;
      return running.filter((each) => each.limitKeys?.includes(key)).length >= most;
    });
  }
}

function isSameLane(a: QueuedTask, b: QueuedTask): boolean {
  return a.classKey === b.classKey && a.priority === b.priority && a.fairnessKey === b.fairnessKey;
}
