import {
  isTerminal,
  isRunId,
  MultiswarmError,
  taskId,
  type AttemptRef,
  type DeadLetterResult,
  type DispatchRequest,
  type GrantRequest,
  type RegionSummary,
  type ReportRequest,
  type TaskFilter,
} from '@multiswarm/contracts';
import { criteriaOf } from '../domain/search/criteria';
import type { TaskPlace } from '../domain/search/task-index';
import type { DeadLetterCommand, TaskRecord } from '../domain/task/record';
import type { RunCommand } from '../domain/workflow/run-command';
import type { AttemptGrant, Batch, SnapshotPage } from '../ports';
import type { Change } from './change';
import { Admissions, type Admission } from './admissions';
import { ColdTasks } from './cold-tasks';
import { CommitTap } from './commit-tap';
import { Committer } from './committer';
import { DueTimes } from './due-times';
import { eventMessages } from './event-batches';
import type { NewRun, NewTask } from './intake';
import { KnownIds } from './known-ids';
import { OwnerCommands, type UserCommand } from './owner-commands';
import type { OwnerDesk, OwnerParts } from './owner-desk';
import { OwnerGrants } from './owner-grants';
import type { OwnerInsides } from './owner-insides';
import { OwnerReports, type ReportPart, type TakenReports } from './owner-reports';
import { ShardIndex } from './shard-index';
import { ShardEffects, type AnswerRoom, type Circumstances } from './shard-effects';
import { HOT_WAITING_TASKS, ShardState } from './shard-state';
import { snapshotOf } from './shard-snapshot';
import { ShardTimers } from './shard-timers';
import { asManyAsTravel, type ShardCounts, type ShardQuestion } from './task-lists';

/**
 * The owner of one shard: the only writer of its tasks and runs. It changes its state in memory, commits each change as
 * one unit, and lets everything that leaves it (answers, dispatches, queue entries) leave after the commit.
 *
 * W3. Effects run after their change is committed, in order; when the commit fails they never run. Only the scheduler hears
 *     of queued tasks before: its grants come back here, and are committed after what they rest on, or not at all.
 * W4. No answer without a lease that holds.
 * W6 to W8 are kept by what works at its desk: commands of people, grants of the scheduler, reports of attempts.
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
  private readonly commands: OwnerCommands;
  private readonly grants: OwnerGrants;
  private readonly reports: OwnerReports;
  private closed = false;
  private readonly newTaskId = (): string => taskId(this.shard, this.parts.ids.next());

  constructor(
    readonly shard: number,
    readonly epoch: number,
    batchSeq: number,
    private readonly parts: OwnerParts,
  ) {
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
      (record) => this.state?.runs.inputOf(record) ?? record.spec.input,
      (record) => this.state?.runs.upstreamRefs(record),
    );
    const desk = this.desk();
    this.commands = new OwnerCommands(desk);
    this.grants = new OwnerGrants(desk);
    this.reports = new OwnerReports(desk);
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
      taskId: this.newTaskId,
      capped: this.parts.capped,
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

  /** Whether a task or a run is in memory, and has not ended: false says nothing about others. */
  isOpen(id: string): boolean {
    const state = this.parts.leaseHolds() && !this.closed ? this.state : undefined;
    const record = state?.task(id);
    return record ? !isTerminal(record.state) : state?.activeRun(id) !== undefined;
  }

  /** @see OwnerCommands.command */
  command(id: string, command: UserCommand, again = false): Promise<void> {
    return this.commands.command(id, command, again);
  }

  settleDeadLetters(ids: readonly string[], command: DeadLetterCommand): Promise<DeadLetterResult[]> {
    return this.commands.settleDeadLetters(ids, command);
  }

  /** @see OwnerCommands.tellRun */
  tellRun(id: string, command: RunCommand): Promise<void> {
    return this.commands.tellRun(id, command);
  }

  /** @see OwnerCommands.sweep */
  sweep(limit: number): Promise<number> {
    return this.commands.sweep(limit);
  }

  /** @returns those that are not placed: their slots are free */
  grant(request: GrantRequest): Promise<AttemptRef[]> {
    return this.grants.grant(request);
  }

  grantFetched(grants: readonly AttemptGrant[], answer: AnswerRoom): ReturnType<OwnerGrants['grantFetched']> {
    return this.grants.grantFetched(grants, answer);
  }

  grantKept(grants: readonly AttemptGrant[]): Promise<AttemptRef[]> {
    return this.grants.grantKept(grants);
  }

  report(part: ReportPart): TakenReports {
    return this.reports.report(part);
  }

  dispatched(outcomes: ReportRequest['outcomes']): Promise<void> {
    return this.reports.dispatched(outcomes);
  }

  seen(summary: RegionSummary): void {
    this.reports.seen(summary);
  }

  /** @see OwnerReports.expireAttempts */
  expireAttempts(blind: boolean): Promise<void> {
    return this.reports.expireAttempts(blind);
  }

  /**
   * Everything that a scheduler has to know of this shard: what is held first, then what is queued, oldest first; last what
   * is queued and not committed yet. Grants of an older scheduler are refused from now on.
   */
  async *snapshot(schedulerEpoch: number): AsyncGenerator<SnapshotPage> {
    this.grants.heardOf(schedulerEpoch);
    const { state } = this;
    if (state) yield* snapshotOf(state, this.cold, () => this.checkOpen());
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
    const { shard, epoch, due, ids, tap, index } = this;
    const { leases, relay } = this.parts;
    return {
      ...{ shard, epoch, due, ids, tap, index, leases, relay },
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
      giveUp: (region, swarmId, attempt) => this.effects.giveUp(region, swarmId, attempt),
      retentionMs: this.parts.retentionMs,
      attemptBase: this.parts.attemptBase ?? 0,
    };
  }

  private desk(): OwnerDesk {
    const { shard, parts, effects } = this;
    return {
      ...{ shard, parts, effects, newTaskId: this.newTaskId, forgetting: new Set<string>() },
      serving: () => this.check(),
      open: () => this.checkOpen(),
      peek: () => (this.closed ? undefined : this.state),
      checkLease: () => this.checkLease(),
      recall: (ids) => this.recall(ids),
      commit: (change, circumstances) => this.commit(change, circumstances),
      commitToAnswer: (change, circumstances) => this.commitToAnswer(change, circumstances),
    };
  }

  private async timesPassed(ids: readonly string[]): Promise<void> {
    const tasks = ids.filter((id) => !isRunId(id));
    const recalled = await this.recall(tasks);
    const state = this.checkOpen();
    const change = state.change();
    for (const id of ids) if (isRunId(id)) state.runs.due(id, change);
    for (const id of tasks) {
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
