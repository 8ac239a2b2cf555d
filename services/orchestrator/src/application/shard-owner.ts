import {
  isTerminal,
  MultiswarmError,
  taskId,
  type AttemptRef,
  type DeadLetterResult,
  type DispatchRequest,
  type GrantRequest,
  type RegionSummary,
  type ReportReply,
  type ReportRequest,
  type TaskFilter,
} from '@multiswarm/contracts';
import type { Clock, Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { toClass } from '../domain/queue/task-class';
import { criteriaOf } from '../domain/search/criteria';
import type { TaskPlace } from '../domain/search/task-index';
import { deadLetterResult } from '../domain/task/dead-letter';
import {
  isHeld,
  isPlaceable,
  type DeadLetterCommand,
  type TaskCommand,
  type TaskRecord,
} from '../domain/task/record';
import { isDone, whyNot } from '../domain/task/why-not';

import type { AttemptGrant, Batch, FreedSlot, ShardStore, SnapshotPage, Write } from '../ports';
import type { Change } from './change';
import { Admissions, type Admission } from './admissions';
import { ColdTasks } from './cold-tasks';
import { CommitTap } from './commit-tap';
import { Committer } from './committer';
import { DueTimes } from './due-times';
import { eventMessages } from './event-batches';
import type { NewRun, NewTask } from './intake';
import { KnownIds } from './known-ids';
import type { OutboxRelay } from './outbox-relay';
import type { OwnerInsides } from './owner-insides';
import { dispatchCommand, reportCommand } from './report-command';
import { ShardIndex } from './shard-index';
import { ShardEffects, type Circumstances, type EffectParts } from './shard-effects';
import { HOT_WAITING_TASKS, ShardState } from './shard-state';
import { snapshotOf } from './shard-snapshot';
import { ShardTimers } from './shard-timers';
import { asManyAsTravel, type ShardCounts, type ShardQuestion } from './task-lists';
import type { Breather } from './breather';
import type { Turns } from './turns';

export interface OwnerParts extends EffectParts {
  store: ShardStore;
  relay: OutboxRelay;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** How long ended tasks of a namespace are kept. */
  retentionMs: (namespace: string) => number;
  /** Whether the lease of the shard still holds, by the monotonic clock. */
  leaseHolds: () => boolean;
  onLost: () => void;
  /** What a commit has written, as soon as it is confirmed: readers of this process need not wait for the stream. */
  onCommitted: (writes: readonly Write[]) => void;
  /** Of all owners of this process: whose turn it is to read records for its index, and how much of a turn searches take. */
  indexing: { turns: Turns; breather: Breather };
  /** The numbers of attempts that may have been used before the data was set back: the next ones are larger. 0: it never was. */
  attemptBase?: number | undefined;
  /** The run of the import that is under way: until it is over, nobody is served. */
  importing?: string | undefined;
  /** `HOT_WAITING_TASKS` and `RECALLED_AT_ONCE`, unless told. */
  memory?: OwnerMemory | undefined;
}

/** How many waiting tasks a shard keeps in memory, and how many it reads back at once. */
export interface OwnerMemory {
  hotWaiting: number;
  recalledAtOnce: number;
}

/** What one sender reports for one shard. */
export type ReportPart = Pick<
  ReportRequest,
  'swarmId' | 'region' | 'regionEpoch' | 'reports' | 'outcomes' | 'progress'
>;

/** What people may tell a task. */
export type UserCommand = Extract<TaskCommand, { kind: 'cancel' | 'pause' | 'resume' | 'signal' | 'retry' }>;

/** Reports that have been taken, and are being committed. */
export interface TakenReports {
  /** Slots that come free with them. */
  freed: FreedSlot[];
  /** To be filled before the commit is over: which attempt takes over the slot of which task's ended attempt. */
  next: Map<string, AttemptRef>;
  acks: Promise<ReportReply['acks']>;
}

/**
 * The owner of one shard: the only writer of its tasks and runs. It changes its state in memory, commits each change as
 * one unit, and lets everything that leaves it (answers, dispatches, queue entries) leave after the commit.
 *
 * W3. Effects run after their change is committed, in order; when the commit fails they never run. Only the scheduler hears
 *     of queued tasks before: its grants come back here, and are committed after what they rest on, or not at all.
 * W4. No answer without a lease that holds.
 * W6. A grant counts only under the attempt number that comes next, and from the newest scheduler seen. One for the attempt
 *     that is current is not refused, or the scheduler would count that attempt no more: the same grant again is answered
 *     alike, also where the region has chosen another swarm since, and a slot that is not used is given back.
 * W7. A result from another swarm than the one that was chosen is not acknowledged, and so repeated, until the coordinator has
 *     said that it sent the attempt there: where it ran, and at what price, belongs to the record.
 * W8. Losses of a coordinator that another one has replaced change nothing: it may have been blind.
 */
export class ShardOwner {
  private state: ShardState | undefined;
  private readonly due: DueTimes;
  private readonly timers: ShardTimers;
  private readonly cold: ColdTasks;
  private readonly committer: Committer;
  private readonly tap: CommitTap;
  private isStreamedIn = false;
  private readonly effects: ShardEffects;
  private readonly ids: KnownIds;
  private readonly index: ShardIndex;
  private readonly admissions: Admissions;
  private schedulerEpoch = 0;
  /** Roots that are being deleted: what was read of them does not count any more. */
  private readonly forgetting = new Set<string>();
  private closed = false;
  /** What the ids of all tasks of the shard begin with. */
  private readonly idPrefix: string;

  constructor(
    readonly shard: number,
    readonly epoch: number,
    batchSeq: number,
    private readonly parts: OwnerParts,
  ) {
    this.idPrefix = taskId(shard, '');
    this.ids = new KnownIds({
      ...{ shard, clock: parts.clock, store: parts.store },
      committed: () => this.committer.commit([]),
      isClosed: () => this.closed,
      onFault: (error) => parts.logger.warn('reading ids waits for Redis', { shard, error }),
    });
    this.index = new ShardIndex({
      ...{ shard, clock: parts.clock, store: parts.store, ...parts.indexing },
      isClosed: () => this.closed,
      onFault: (error) => parts.logger.warn('the index of searches waits for Redis', { shard, error }),
    });
    this.admissions = new Admissions({
      ...{ shard, clock: parts.clock, store: parts.store, ids: this.ids },
      serving: () => this.check(),
      commit: (change) => this.commitToAnswer(change),
    });
    this.due = new DueTimes(parts.clock, (ids) => void this.timers.passed(ids));
    this.timers = new ShardTimers({
      ...{ shard, due: this.due, clock: parts.clock, logger: parts.logger },
      isClosed: () => this.closed,
      pass: (ids) => this.timesPassed(ids),
    });
    this.cold = new ColdTasks(shard, parts.store, parts.memory?.recalledAtOnce);
    this.effects = new ShardEffects(
      shard,
      parts,
      (record) => this.state?.upstream(record),
      (record) => this.state?.upstreamRefs(record),
    );
    this.tap = new CommitTap(parts.store);
    this.committer = new Committer(shard, epoch, batchSeq, this.tap, parts.clock, {
      stale: () => {
        this.lose();
      },
      committed: (batch, durationMs) => {
        this.onCommitted(batch, durationMs);
      },
      retry: (error) => {
        parts.logger.warn('commit waits for Redis', { shard, error });
      },
    });
  }

  /** Takes up what the shard held: placed tasks at once, with that it serves; the timers of waiting ones are streamed in. */
  async open(): Promise<void> {
    const { store, clock, random, relay, retentionMs, memory, attemptBase = 0 } = this.parts;
    const loaded = await store.loadActive(this.shard);
    if (this.closed) return;
    this.state = new ShardState(loaded, {
      ...{ clock, random, due: this.due, retentionMs },
      hotWaiting: memory?.hotWaiting ?? HOT_WAITING_TASKS,
      letGo: (id) => this.cold.letGo(id),
      attemptBase,
    });
    relay.start();
    if (attemptBase > 0) await this.interrupt();
    for (const record of this.state.hot()) this.effects.resume(record);
    void this.streamIn();
  }

  /** Attempts of before the data was set back are over: nobody knows what has become of them. */
  private async interrupt(): Promise<void> {
    const state = this.checkOpen();
    const change = state.change();
    state.interrupt(change);
    await this.commit(change);
  }

  /** What an owner serves without, though less well. */
  private async streamIn(): Promise<void> {
    await this.timers.stream(
      () => this.cold.waiting(),
      (records) => {
        this.state?.watch(records);
        this.index.take(records);
      },
    );
    this.isStreamedIn = true;
    await this.ids.learn();
    await this.index.build();
  }

  submitTasks(items: readonly NewTask[]): Promise<(Admission | MultiswarmError)[]> {
    return this.admissions.submitTasks(items);
  }

  submitRun(item: NewRun): Promise<Admission> {
    return this.admissions.submitRun(item);
  }

  /** @throws MultiswarmError `not-ready` while the index is built */
  async find({ filter, ...question }: ShardQuestion): Promise<TaskPlace[]> {
    this.check();
    const { order, before, limit } = question;
    const places = await this.index.page({ criteria: criteriaOf(filter), order, before, limit });
    this.checkLease();
    return places;
  }

  /** How many tasks there are of each group. @throws MultiswarmError `not-ready` while the index is built */
  async count(filter: TaskFilter, by: string): Promise<ShardCounts> {
    this.check();
    const counts = await this.index.counts(criteriaOf(filter), by);
    this.checkLease();
    return asManyAsTravel(counts.groups, counts.others);
  }

  /** Whether a task is in memory, and has not ended: false says nothing about others. */
  isOpen(id: string): boolean {
    const record = this.parts.leaseHolds() && !this.closed ? this.state?.task(id) : undefined;
    return record !== undefined && !isTerminal(record.state);
  }

  /**
   * What people tell a task. A repetition that changes nothing is answered like the first time.
   * @param again it was sent before, and may have been done
   * @throws MultiswarmError `task-not-found`, or `wrong-state` with what to do instead
   */
  async command(id: string, command: UserCommand, again = false): Promise<void> {
    const record = (await this.recall([id])).get(id);
    const state = this.check();
    if (!record || this.forgetting.has(id))
      throw new MultiswarmError('task-not-found', `there is no task "${id}"`);
    const before = state.task(id) ?? record;
    const change = state.change();
    if (!again || !isDone(before, command)) {
      const refusal = whyNot(before, command, change.now);
      if (refusal !== undefined) throw new MultiswarmError('wrong-state', refusal);
      state.applyTo(before, command, change);
    }
    await this.commitToAnswer(change);
  }

  /** Redrives or purges dead letters: each is a unit of its own, between which the committer may cut. */
  async settleDeadLetters(ids: readonly string[], command: DeadLetterCommand): Promise<DeadLetterResult[]> {
    const recalled = await this.recall(ids);
    this.check();
    return Promise.all(ids.map((id) => this.settleDeadLetter(id, recalled.get(id), command)));
  }

  async cancelRun(id: string, reason: string): Promise<void> {
    const state = this.check();
    const change = state.change();
    state.cancelRun(id, reason, change);
    await this.commitToAnswer(change);
  }

  /**
   * Commits placements of tasks that are queued under the next attempt number. W6.
   * @returns those that are not: their slots are free
   */
  async grant({ schedulerEpoch, grants }: GrantRequest): Promise<AttemptRef[]> {
    this.checkOpen();
    if (schedulerEpoch < this.schedulerEpoch)
      throw new MultiswarmError(
        'stale-epoch',
        `a scheduler with epoch ${this.schedulerEpoch} has taken over`,
      );
    this.schedulerEpoch = schedulerEpoch;
    const { refused } = await this.assign(grants, {});
    this.checkLease();
    return refused;
  }

  /** As `grant`, for slots whose swarm is about to get an answer: the attempts go out with it. */
  grantFetched(
    grants: readonly AttemptGrant[],
  ): Promise<{ dispatch: DispatchRequest | undefined; refused: AttemptRef[] }> {
    return this.assign(grants, { fetched: true });
  }

  /** Results, acceptances and progress from swarms, and losses from coordinators. Acknowledged after the commit; stale ones change nothing. */
  report({ swarmId, region, regionEpoch, reports, outcomes, progress }: ReportPart): TakenReports {
    const state = this.check();
    const change = state.change();
    const isPast =
      region !== undefined && regionEpoch !== undefined && this.parts.leases.isPast(region, regionEpoch);
    for (const outcome of outcomes) this.takeOutcome(state, outcome, change);
    for (const each of progress) state.apply(each.taskId, { kind: 'progress', ...each }, change);
    const freed: FreedSlot[] = [];
    const acks: ReportReply['acks'] = [];
    for (const report of reports) {
      const { taskId, attempt, outcome } = report;
      if (outcome === 'lost' && isPast) {
        acks.push({ taskId, attempt, status: 'stale' }); // W8
        continue;
      }
      const before = state.task(taskId);
      if (outcome !== 'lost' && ranElsewhere(before, attempt, swarmId)) continue; // W7
      const record = before && state.applyTo(before, reportCommand(report), change);
      const slot = record && outcome !== 'lost' ? freedSlot(record, attempt) : undefined;
      if (slot) freed.push(slot);
      acks.push({ taskId, attempt, status: record ? 'recorded' : 'stale' });
    }
    const next = new Map<string, AttemptRef>();
    return { freed, next, acks: this.commitToAnswer(change, { next }).then(() => acks) };
  }

  /** What coordinators answered to dispatches. */
  async dispatched(outcomes: ReportRequest['outcomes']): Promise<void> {
    const { state } = this;
    if (this.closed || !state) return;
    const change = state.change();
    for (const outcome of outcomes) this.takeOutcome(state, outcome, change);
    // Nobody waits for an acceptance, and the result of a short attempt is not far behind.
    await this.commit(change, { lazy: outcomes.every(({ outcome }) => outcome === 'accepted') });
  }

  /** A coordinator says which attempts its swarms hold. A cancellation may have got lost on its way: it is sent again. */
  seen(summary: RegionSummary): void {
    if (this.closed) return;
    this.effects.stopInVain(summary);
    const strays = this.parts.leases.straysIn(summary, (taskId) => taskId.startsWith(this.idPrefix));
    if (strays.length > 0) void this.stopStrays(strays);
    for (const { taskId, attempt } of this.parts.leases.seen(summary)) {
      const record = this.state?.task(taskId);
      if (record?.cancel && record.attempt === attempt) this.effects.remindOfCancel(record);
    }
  }

  /**
   * To be called about once a second: attempts without a sign of life are lost, those that nobody accepted are sent again.
   * @param blind nobody could have told us anything
   */
  async expireAttempts(blind: boolean): Promise<void> {
    const { leases, leaseHolds } = this.parts;
    const { state } = this;
    if (this.closed || !state) return;
    if (blind || !leaseHolds()) {
      leases.refresh();
      return;
    }
    for (const { taskId, attempt } of leases.unaccepted()) {
      const record = state.task(taskId);
      if (record?.state === 'assigned' && record.attempt === attempt) this.effects.dispatchAgain(record);
    }
    const lost = leases.expired();
    if (lost.length === 0) return;
    const change = state.change();
    for (const { taskId, attempt, reason } of lost)
      state.apply(taskId, { kind: 'lost', attempt, reason }, change);
    await this.commit(change);
  }

  /**
   * Everything that a scheduler has to know of this shard: what is held first, then what is queued, oldest first; last what
   * is queued and not committed yet. Grants of an older scheduler are refused from now on.
   */
  async *snapshot(schedulerEpoch: number): AsyncGenerator<SnapshotPage> {
    this.schedulerEpoch = Math.max(this.schedulerEpoch, schedulerEpoch);
    const { state } = this;
    if (state) yield* snapshotOf(state, this.cold, () => this.checkOpen());
  }

  /** Removes roots whose retention has passed. @returns how many */
  async sweep(limit: number): Promise<number> {
    const state = this.check();
    const expired = await this.parts.store.expired(this.shard, this.parts.clock.now(), limit);
    // Each root is a unit of its own: the committer cuts between them, so that Redis is never busy with all at once.
    await Promise.all(
      expired.map(async ({ root, taskIds }) => {
        if (state.task(root)) return; // opened again meanwhile
        this.forgetting.add(root);
        const change = state.change();
        change.forget(root, taskIds);
        await this.commit(change).finally(() => this.forgetting.delete(root));
      }),
    );
    return expired.length;
  }

  /** Finishes what is under way. New commands are refused from now on. */
  async close(): Promise<void> {
    this.closed = true;
    this.due.stop();
    await this.committer.settled();
    this.committer.kill(new MultiswarmError('shard-unavailable', `shard ${this.shard} is changing hands`));
    await this.parts.relay.stop();
  }

  /** The lease is gone: nothing of what is not committed counts. */
  lose(): void {
    if (this.closed) return;
    this.closed = true;
    this.due.stop();
    this.committer.kill(new MultiswarmError('stale-epoch', `another owner has taken shard ${this.shard}`));
    void this.parts.relay.stop();
    this.parts.onLost();
  }

  get importing(): string | undefined {
    return this.parts.importing;
  }

  /** What it keeps in memory, for whoever compares that with the store, in this owner's turns. */
  insides(): OwnerInsides {
    const { shard, epoch, due, ids, tap } = this;
    const { leases, relay } = this.parts;
    return {
      ...{ shard, epoch, due, ids, tap, leases, relay },
      state: () => {
        const open = this.checkOpen();
        this.checkLease();
        return open;
      },
      isStreamedIn: () => this.isStreamedIn,
      recall: (wanted) => this.recall(wanted),
      settled: async () => void (await this.committer.commit([])),
      commit: (change) => this.commitToAnswer(change),
      resume: (record) => this.effects.resume(record),
      retentionMs: this.parts.retentionMs,
      attemptBase: this.parts.attemptBase ?? 0,
    };
  }

  private async settleDeadLetter(
    id: string,
    recalled: TaskRecord | undefined,
    command: DeadLetterCommand,
  ): Promise<DeadLetterResult> {
    const state = this.check();
    const change = state.change();
    const before = this.forgetting.has(id) ? undefined : (state.task(id) ?? recalled);
    const result = deadLetterResult(id, before, command, change.now);
    const after = before && state.applyTo(before, command, change);
    await this.commitToAnswer(change);
    return after ? { ...result, state: after.state } : result;
  }

  private async assign(
    grants: readonly AttemptGrant[],
    circumstances: Circumstances,
  ): Promise<{ dispatch: DispatchRequest | undefined; refused: AttemptRef[] }> {
    // No look at the lease: the commit checks the epoch, and nothing leaves before it. Placements given back because a lease
    // ran out for a moment would be lost to the scheduler, though this owner goes on when it is renewed.
    const known = this.checkOpen();
    const isAllHere = grants.every(({ taskId }) => known.task(taskId));
    const recalled = isAllHere ? NONE_RECALLED : await this.recall(grants.map(({ taskId }) => taskId));
    const state = this.checkOpen();
    const change = state.change();
    const refused: AttemptRef[] = [];
    for (const grant of grants) {
      const { taskId, attempt, placement } = grant;
      const before = state.task(taskId) ?? recalled.get(taskId);
      if (before && state.applyTo(before, { kind: 'assign', attempt, placement }, change))
        this.parts.meters.assigned(before.spec.priority, change.now - before.since);
      else if (before && isCurrent(before, attempt)) this.giveBack(before, grant);
      else {
        refused.push({ taskId, attempt });
        if (before && isPlaceable(before))
          change.effects.push({ effect: { kind: 'enqueue' }, record: before });
      }
    }
    return { dispatch: await this.commit(change, circumstances), refused };
  }

  /** W6. */
  private giveBack(record: TaskRecord, { taskId, attempt, placement }: AttemptGrant): void {
    const { reservationId, swarmId } = placement;
    if (record.attempts.at(-1)?.reservationId === reservationId) return;
    this.parts.placer.report([{ reservationId, swarmId, taskId, attempt, outcome: 'unused' }]);
  }

  /** Where they run is told by their records, which nobody here may have in memory any more. */
  private async stopStrays(refs: readonly AttemptRef[]): Promise<void> {
    try {
      const ids = refs.map(({ taskId }) => taskId);
      const stored = await this.parts.store.tasks(this.shard, ids);
      refs.forEach(({ taskId, attempt }, index) => {
        const record = this.state?.task(taskId) ?? stored[index];
        if (record && !this.closed) this.effects.stopStray(record, attempt);
      });
    } catch (error) {
      this.parts.logger.warn('what runs in vain is stopped later', { shard: this.shard, error });
    }
  }

  private takeOutcome(state: ShardState, outcome: ReportRequest['outcomes'][number], change: Change): void {
    this.parts.meters.dispatched(outcome.outcome);
    const record = state.apply(outcome.taskId, dispatchCommand(outcome), change);
    if (record && outcome.outcome === 'accepted')
      this.parts.leases.accepted(outcome.taskId, outcome.attempt, record.attempts.at(-1)?.region ?? '');
  }

  private async timesPassed(ids: readonly string[]): Promise<void> {
    const recalled = await this.recall(ids);
    const state = this.checkOpen();
    const change = state.change();
    for (const id of ids) {
      const record = state.task(id) ?? recalled.get(id);
      if (record) state.applyTo(record, { kind: 'due' }, change);
    }
    await this.commit(change);
  }

  private recall(ids: readonly string[]): Promise<Map<string, TaskRecord>> {
    return this.cold.recall(ids, () => this.checkOpen());
  }

  /** W4: what is about to be answered. */
  private async commitToAnswer(change: Change, circumstances: Circumstances = {}): Promise<void> {
    await this.commit(change, circumstances);
    this.checkLease();
  }

  /** W3. @returns what goes out with the answer, where attempts were fetched. */
  private async commit(
    change: Change,
    circumstances: Circumstances = {},
  ): Promise<DispatchRequest | undefined> {
    change.seal();
    // Also where nothing changed: what is under way may be what the answer rests on.
    this.effects.announce(change);
    await this.committer.commit(change.writes, circumstances.lazy);
    this.state?.settle(change);
    return this.effects.perform(change, circumstances);
  }

  private onCommitted(batch: Batch, durationMs: number): void {
    this.index.committed(batch.writes);
    this.parts.onCommitted(batch.writes);
    const pressing = batch.writes.some(({ kind }) => kind === 'root-ended');
    for (const message of eventMessages(batch)) this.parts.relay.add(message, pressing);
    this.parts.meters.committed(batch.writes.length, durationMs);
  }

  private check(): ShardState {
    const state = this.checkOpen();
    if (this.importing !== undefined)
      throw new MultiswarmError('shard-unavailable', `shard ${this.shard} is being imported`);
    this.checkLease();
    return state;
  }

  private checkOpen(): ShardState {
    if (this.closed || !this.state)
      throw new MultiswarmError('shard-unavailable', `shard ${this.shard} is changing hands`);
    return this.state;
  }

  private checkLease(): void {
    if (this.parts.leaseHolds()) return;
    throw new MultiswarmError(
      'shard-unavailable',
      `shard ${this.shard} has no owner for the moment (Redis may be slow or away): try again`,
    );
  }
}

/** W7. */
function ranElsewhere(record: TaskRecord | undefined, attempt: number, swarmId: string): boolean {
  if (!record || !isHeld(record) || record.attempt !== attempt) return false;
  return record.attempts[record.attempts.length - 1]?.swarmId !== swarmId;
}

const NONE_RECALLED: ReadonlyMap<string, TaskRecord> = new Map();

/** W6: whether the attempt was granted before, and has not ended. */
function isCurrent(record: TaskRecord, attempt: number): boolean {
  return isHeld(record) && record.attempt === attempt;
}

/** The slot that an attempt has just given back. */
function freedSlot(record: TaskRecord, attempt: number): FreedSlot | undefined {
  const ended = record.attempts[record.attempts.length - 1];
  if (ended?.attempt !== attempt || ended.outcome === undefined) return undefined;
  const { swarmId, region, costPerSlotHour, reservationId = '' } = ended;
  return {
    taskId: record.id,
    attempt,
    swarmId,
    region,
    costPerSlotHour,
    reservationId,
    classKey: toClass(record.spec).key,
  };
}
