import {
  LIMITS,
  MultiswarmError,
  type AttemptRef,
  type AttemptReport,
  type DispatchOutcome,
  type EventBatch,
  type Placement,
  type ReportReply,
} from '@multiswarm/contracts';
import type { Clock, Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { newTask, type Effect, type TaskCommand, type TaskRecord, type Transition } from '../domain/task/record';
import { transition } from '../domain/task/transition';
import { effectiveInput, inputFault } from '../domain/workflow/input';
import type { PlanCommand } from '../domain/workflow/planner';
import type { RunRecord } from '../domain/workflow/run';
import type { Batch, LoadedShard, Placer, ReadyTasks, ShardStore } from '../ports';
import { ActiveRun } from './active-run';
import type { AttemptLeases } from './attempt-leases';
import { Committer } from './committer';
import type { Dispatcher } from './dispatcher';
import type { NewRun, NewTask } from './intake';
import type { Meters } from './meters';
import type { OutboxRelay } from './outbox-relay';
import { EventNumbers, isActive, UnitBuilder } from './unit';

export interface OwnerParts {
  store: ShardStore;
  ready: ReadyTasks;
  placer: Placer;
  dispatcher: Dispatcher;
  leases: AttemptLeases;
  relay: OutboxRelay;
  clock: Clock;
  random: Random;
  logger: Logger;
  retentionMs: number;
  /** Whether the lease of the shard still holds, by the monotonic clock. */
  leaseHolds: () => boolean;
  onLost: () => void;
  meters: Meters;
}

export interface Admission {
  id: string;
  state: string;
  duplicate: boolean;
}

/**
 * The owner of one shard: the only writer of its tasks and runs. It works in memory, synchronously; what changed is
 * committed as one unit, and everything that leaves it (answers, dispatches, queue entries) leaves after the commit.
 *
 * W1. Every change of a task goes through `apply`, which hands its consequences for the run to the planner in the same unit.
 * W2. Effects run after their unit is committed, in order; when the commit fails they never run.
 * W3. No answer without a lease that holds.
 */
export class ShardOwner {
  private readonly tasks = new Map<string, TaskRecord>();
  private readonly runs = new Map<string, ActiveRun>();
  private readonly numbers: EventNumbers;
  private readonly committer: Committer;
  private closed = false;
  /** Consequences for runs that are still to be applied: a queue, since a chain of ten thousand skips would overflow the stack. */
  private readonly plans: { run: ActiveRun; command: PlanCommand }[] = [];
  private planning = false;

  constructor(
    readonly shard: number,
    readonly epoch: number,
    batchSeq: number,
    loaded: LoadedShard,
    private readonly parts: OwnerParts,
  ) {
    this.numbers = new EventNumbers(loaded.historyLengths);
    this.committer = new Committer(shard, epoch, batchSeq, parts.store, parts.clock, {
      stale: () => this.lose(),
      committed: (batch, durationMs) => this.onCommitted(batch, durationMs),
      retry: (error) => parts.logger.warn('commit waits for Redis', { shard, error }),
    });
    for (const task of loaded.tasks) this.tasks.set(task.id, task);
    const ended = new Map(loaded.endedSteps.map((task) => [task.id, task]));
    for (const run of loaded.runs) this.runs.set(run.id, new ActiveRun(run, ended, this.tasks));
  }

  /** Takes up what the shard held: waiting tasks to the scheduler, placed ones to their swarms, timers to the clock. */
  resume(): void {
    this.parts.relay.start();
    for (const record of this.tasks.values()) {
      if (record.state === 'queued') this.parts.ready.ready(record, this.shard, undefined);
      else if (record.state === 'assigned') this.dispatch(record);
      else if (record.state === 'running') this.watch(record);
      else if (record.state === 'backoff' && record.retryAt !== undefined) this.wakeAt(record.id, record.retryAt);
      if (record.cancel && record.state !== 'blocked') this.cancelAttempt(record);
    }
  }

  get activeTasks(): number {
    return this.tasks.size;
  }

  /** Accepts tasks. The answer comes after the commit; a repeated idempotency key meets the earlier task. */
  async submitTasks(items: readonly NewTask[]): Promise<(Admission | MultiswarmError)[]> {
    this.check();
    const known = await this.knownHashes(items.filter((item) => item.keyed).map((item) => item.id));
    const unit = this.unit();
    const effects: (() => void)[] = [];
    const answers = items.map((item): Admission | MultiswarmError => {
      const hash = item.keyed ? (this.tasks.get(item.id)?.spec.bodyHash ?? known.get(item.id)) : undefined;
      if (hash !== undefined) return repeated(item, hash);
      const created = newTask(item.id, item.spec, false, this.parts.clock.now());
      this.keep(undefined, created, unit, effects);
      return { id: item.id, state: created.record.state, duplicate: false };
    });
    // A repeated submission may have met one that is not committed yet: it is answered after the same commit.
    await this.commit(unit, effects);
    return answers;
  }

  /** Accepts a workflow: the run and all its steps in one unit. */
  async submitRun(item: NewRun): Promise<Admission> {
    this.check();
    const known = item.keyed ? await this.knownHashes([item.record.id]) : new Map<string, string>();
    const unit = this.unit();
    const effects: (() => void)[] = [];
    const hash = item.keyed ? (this.runs.get(item.record.id)?.record.spec.bodyHash ?? known.get(item.record.id)) : undefined;
    if (hash !== undefined) {
      const answer = repeated({ id: item.record.id, spec: item.record.spec }, hash);
      if (answer instanceof MultiswarmError) throw answer;
      await this.commit(unit, effects);
      return answer;
    }
    const run = new ActiveRun(item.record, new Map(), new Map());
    this.runs.set(run.record.id, run);
    unit.run(run.record, run.progress(), { type: 'workflow.submitted', data: { steps: item.steps.length, ...(item.record.spec.name ? { name: item.record.spec.name } : {}) } }, true);
    for (const step of item.steps) {
      const created = newTask(step.id, step.spec, true, this.parts.clock.now());
      this.tasks.set(step.id, created.record);
      unit.task(undefined, created);
    }
    for (const step of run.plan.startable()) this.apply(run.step(step).taskId, { kind: 'unblock' }, unit, effects);
    unit.progress(run.record.id, run.progress());
    await this.commit(unit, effects);
    return { id: run.record.id, state: 'running', duplicate: false };
  }

  /** Asks for a task's end. Idempotent; a task that has ended already stays as it is. */
  async cancelTask(id: string, reason: string): Promise<void> {
    this.check();
    const unit = this.unit();
    const effects: (() => void)[] = [];
    this.apply(id, { kind: 'cancel', reason }, unit, effects);
    await this.commit(unit, effects);
  }

  async cancelRun(id: string, reason: string): Promise<void> {
    this.check();
    const unit = this.unit();
    const effects: (() => void)[] = [];
    const run = this.runs.get(id);
    if (run && !run.record.cancel) {
      run.record = { ...run.record, cancel: { at: this.parts.clock.now(), reason } };
      unit.run(run.record, run.progress(), { type: 'workflow.cancel-requested', data: { reason } }, false);
      for (const step of run.record.spec.steps) this.apply(step.taskId, { kind: 'cancel', reason }, unit, effects);
    }
    await this.commit(unit, effects);
  }

  /** Commits placements of tasks that are still queued. @returns the keys of those that are not: their slots are free. */
  grant(placements: readonly { taskId: string; placement: Placement }[]): { taskId: string; placement: Placement }[] {
    if (this.closed || !this.parts.leaseHolds()) return [...placements];
    const unit = this.unit();
    const effects: (() => void)[] = [];
    const unused = placements.filter(({ taskId, placement }) => {
      const queued = this.tasks.get(taskId);
      if (!this.apply(taskId, { kind: 'assign', placement }, unit, effects)) return true;
      if (queued) this.parts.meters.assigned(queued.spec.priority, this.parts.clock.now() - queued.since);
      return false;
    });
    void this.commit(unit, effects).catch((error: unknown) => this.parts.logger.warn('a grant was not committed', { shard: this.shard, error }));
    return unused;
  }

  /** Results from swarms, and losses from coordinators. Acknowledged after the commit; stale ones change nothing. */
  async report(reports: readonly AttemptReport[]): Promise<ReportReply['acks']> {
    this.check();
    const unit = this.unit();
    const effects: (() => void)[] = [];
    const acks = reports.map((report) => {
      const recorded = this.apply(report.taskId, toCommand(report), unit, effects);
      return { taskId: report.taskId, attempt: report.attempt, status: recorded ? ('recorded' as const) : ('stale' as const) };
    });
    await this.commit(unit, effects);
    return acks;
  }

  /** What coordinators answered to dispatches. */
  async dispatched(outcomes: readonly DispatchOutcome[]): Promise<void> {
    if (this.closed) return;
    const unit = this.unit();
    const effects: (() => void)[] = [];
    for (const { taskId, attempt, outcome, reason } of outcomes) {
      this.parts.meters.dispatched(outcome);
      const command: TaskCommand =
        outcome === 'accepted'
          ? { kind: 'accepted', attempt }
          : outcome === 'refused'
            ? { kind: 'refused', attempt, reason: reason ?? 'refused by the swarm' }
            : { kind: 'lost', attempt, reason: reason ?? 'the swarm did not answer the dispatch' };
      this.apply(taskId, command, unit, effects);
    }
    await this.commit(unit, effects);
  }

  /** Attempts of which nobody has heard for the region timeout. */
  async expire(lost: readonly AttemptRef[], reason: string): Promise<void> {
    if (this.closed) return;
    const unit = this.unit();
    const effects: (() => void)[] = [];
    for (const { taskId, attempt } of lost) this.apply(taskId, { kind: 'lost', attempt, reason }, unit, effects);
    await this.commit(unit, effects);
  }

  /** Removes roots whose retention has passed. @returns how many */
  async sweep(limit: number): Promise<number> {
    this.check();
    const expired = await this.parts.store.expired(this.shard, this.parts.clock.now(), limit);
    const unit = this.unit();
    for (const { root, taskIds } of expired) unit.writes.push({ kind: 'forget', root, taskIds });
    await this.commit(unit, []);
    return expired.length;
  }

  /** Finishes what is under way. New commands are refused from now on. */
  async close(): Promise<void> {
    this.closed = true;
    await this.committer.settled();
    this.committer.kill(new MultiswarmError('shutting-down', 'the owner of the shard is shutting down'));
    await this.parts.relay.stop();
  }

  /** The lease is gone: nothing of what is not committed counts. */
  lose(): void {
    if (this.closed) return;
    this.closed = true;
    this.committer.kill(new MultiswarmError('stale-epoch', `another owner has taken shard ${this.shard}`));
    void this.parts.relay.stop();
    for (const id of this.tasks.keys()) this.parts.ready.gone(id);
    this.parts.onLost();
  }

  /** W1. @returns whether the command changed anything. */
  private apply(id: string, command: TaskCommand, unit: UnitBuilder, effects: (() => void)[]): boolean {
    const before = this.tasks.get(id);
    if (!before) return false;
    const next = transition(before, command, this.parts.clock.now(), this.parts.random);
    if (!next) return false;
    this.keep(before, next, unit, effects);
    return true;
  }

  private keep(before: TaskRecord | undefined, next: Transition, unit: UnitBuilder, effects: (() => void)[]): void {
    const { record } = next;
    if (isActive(record)) this.tasks.set(record.id, record);
    else this.tasks.delete(record.id);
    unit.task(before, next);
    for (const effect of next.effects) effects.push(() => this.perform(effect, record));
    const run = record.spec.workflowId === undefined ? undefined : this.runs.get(record.spec.workflowId);
    if (run) this.follow(run, record, before?.cost ?? 0, unit, effects);
    else if (!isActive(record)) this.endRoot(record.id, unit);
  }

  /** What a step's change means for its run: others are unblocked or skipped, and the run may end, in the same unit. */
  private follow(run: ActiveRun, record: TaskRecord, costBefore: number, unit: UnitBuilder, effects: (() => void)[]): void {
    const step = record.spec.step ?? '';
    run.observe(step, record, costBefore);
    for (const command of run.plan.plan(step, record.state)) this.plans.push({ run, command });
    this.applyPlans(unit, effects);
    if (isActive(record)) return;
    if (run.plan.ended && run.record.state === 'running') this.endRun(run, unit);
    else if (run.record.state === 'running') unit.progress(run.record.id, run.progress());
  }

  private applyPlans(unit: UnitBuilder, effects: (() => void)[]): void {
    if (this.planning) return;
    this.planning = true;
    for (let next = this.plans.shift(); next; next = this.plans.shift()) this.planned(next.run, next.command, unit, effects);
    this.planning = false;
  }

  private planned(run: ActiveRun, command: PlanCommand, unit: UnitBuilder, effects: (() => void)[]): void {
    const { taskId } = run.step(command.step);
    if (command.kind === 'skip') {
      const error = { code: 'upstream-failed', message: `step "${command.because}" did not succeed`, retryable: false };
      this.apply(taskId, { kind: 'skip', error }, unit, effects);
      return;
    }
    const task = this.tasks.get(taskId);
    const fault = task && inputFault(effectiveInput(task.spec.input, run.upstream(command.step)));
    this.apply(taskId, fault ? { kind: 'reject', error: fault } : { kind: 'unblock' }, unit, effects);
  }

  private endRun(run: ActiveRun, unit: UnitBuilder): void {
    const now = this.parts.clock.now();
    const state = run.plan.outcome(run.record.cancel !== undefined);
    run.record = { ...run.record, state, endedAt: now };
    const progress = run.progress();
    unit.run(run.record, progress, { type: `workflow.${state}`, data: { cost: progress.cost, counts: progress.counts } }, false);
    this.runs.delete(run.record.id);
    this.endRoot(run.record.id, unit);
  }

  private endRoot(root: string, unit: UnitBuilder): void {
    unit.rootEnded(root, this.parts.clock.now() + this.parts.retentionMs);
    this.numbers.forget(root);
  }

  private perform(effect: Effect, record: TaskRecord): void {
    switch (effect.kind) {
      case 'enqueue':
        return this.parts.ready.ready(record, this.shard, effect.avoid);
      case 'dequeue':
        return this.parts.ready.gone(record.id);
      case 'dispatch':
        return this.dispatch(record);
      case 'cancel-attempt':
        return this.cancelAttempt(record);
      case 'wake-at':
        return this.wakeAt(record.id, effect.at);
      case 'give-back': {
        const { attempt, outcome, durationMs } = effect;
        this.parts.leases.drop(record.id);
        if (outcome === 'lost') this.parts.meters.lost(attempt.region);
        this.parts.placer.report([
          { reservationId: attempt.reservationId ?? '', swarmId: attempt.swarmId, taskId: record.id, attempt: attempt.attempt, outcome, durationMs },
        ]);
        return this.parts.ready.capacityChanged(1);
      }
      case 'ended':
        return this.parts.meters.ended(record);
    }
  }

  private dispatch(record: TaskRecord): void {
    const attempt = record.attempts.at(-1);
    if (!attempt) return;
    const { spec } = record;
    const run = spec.workflowId === undefined ? undefined : this.runs.get(spec.workflowId);
    const { startToCloseMs } = spec.timeouts;
    this.watch(record);
    this.parts.dispatcher.send(attempt.region, {
      taskId: record.id,
      attempt: attempt.attempt,
      shard: this.shard,
      swarmId: attempt.swarmId,
      type: spec.type,
      namespace: spec.namespace,
      priority: spec.priority,
      input: effectiveInput(spec.input, spec.step === undefined ? undefined : run?.upstream(spec.step)),
      resources: spec.requirements.resources ?? {},
      ...(startToCloseMs === undefined ? {} : { startToCloseMs }),
      ...(spec.workflowId === undefined ? {} : { workflowId: spec.workflowId }),
      ...(spec.step === undefined ? {} : { step: spec.step }),
      traceparent: spec.traceparent,
    });
  }

  private watch(record: TaskRecord): void {
    this.parts.leases.hold({ taskId: record.id, attempt: record.attempt });
  }

  private cancelAttempt(record: TaskRecord): void {
    const attempt = record.attempts.at(-1);
    if (!attempt || attempt.outcome !== undefined) return;
    this.parts.dispatcher.cancel(attempt.region, attempt.swarmId, { taskId: record.id, attempt: attempt.attempt, reason: record.cancel?.reason ?? 'cancelled' });
  }

  private wakeAt(taskId: string, at: number): void {
    this.parts.clock.after(Math.max(0, at - this.parts.clock.now()), () => {
      if (this.closed) return;
      const unit = this.unit();
      const effects: (() => void)[] = [];
      this.apply(taskId, { kind: 'retry-due' }, unit, effects);
      void this.commit(unit, effects).catch(() => undefined); // a failed commit ends this owner; the next one arms the timer anew
    });
  }

  /** W2. */
  private async commit(unit: UnitBuilder, effects: readonly (() => void)[]): Promise<void> {
    // An empty unit still waits for what is under way: what it would tell may rest on it.
    if (unit.writes.length === 0) await this.committer.settled();
    else await this.committer.commit(unit.writes);
    for (const effect of effects) effect();
    if (!this.parts.leaseHolds()) throw new MultiswarmError('shard-unavailable', `the lease of shard ${this.shard} ran out`); // W3
  }

  private onCommitted(batch: Batch, durationMs: number): void {
    const events = batch.writes.flatMap((write) => (write.kind === 'event' ? [write.event] : []));
    if (events.length > 0) {
      const { shard, epoch, batchSeq } = batch;
      this.parts.relay.add({ v: 1, shard, epoch, batchSeq, events } satisfies EventBatch);
    }
    this.parts.meters.committed(batch.writes.length, durationMs);
  }

  private async knownHashes(ids: readonly string[]): Promise<Map<string, string>> {
    const unknown = ids.filter((id) => !this.tasks.has(id) && !this.runs.has(id));
    if (unknown.length === 0) return new Map();
    const hashes = await this.parts.store.bodyHashes(this.shard, unknown);
    return new Map(unknown.flatMap((id, index) => (hashes[index] === undefined ? [] : [[id, hashes[index]]])));
  }

  private unit(): UnitBuilder {
    return new UnitBuilder(this.numbers, this.parts.clock.now());
  }

  private check(): void {
    if (this.closed) throw new MultiswarmError('shard-unavailable', `shard ${this.shard} is moving to another owner`);
    if (!this.parts.leaseHolds()) throw new MultiswarmError('shard-unavailable', `the lease of shard ${this.shard} ran out`); // W3
  }
}

function toCommand(report: AttemptReport): TaskCommand {
  const { attempt, outcome, startedAt, finishedAt, output, error, usage } = report;
  if (outcome === 'lost') return { kind: 'lost', attempt, reason: error?.message ?? 'the swarm is gone' };
  const tooLarge = output !== undefined && Buffer.byteLength(JSON.stringify(output)) > LIMITS.TASK_OUTPUT_BYTES;
  if (tooLarge) {
    const fault = { code: 'output-too-large', message: `the output is larger than ${LIMITS.TASK_OUTPUT_BYTES} bytes`, retryable: false };
    return { kind: 'finished', attempt, outcome: 'failed', result: { startedAt, finishedAt, error: fault } };
  }
  return {
    kind: 'finished',
    attempt,
    outcome,
    result: { startedAt, finishedAt, ...(output === undefined ? {} : { output }), ...(error ? { error } : {}), ...(usage ? { usage } : {}) },
  };
}

function repeated(item: { id: string; spec: { bodyHash?: string | undefined; idempotencyKey?: string | undefined } }, hash: string): Admission | MultiswarmError {
  if (hash === item.spec.bodyHash) return { id: item.id, state: 'accepted', duplicate: true };
  return new MultiswarmError('idempotency-conflict', `the idempotency key "${item.spec.idempotencyKey ?? ''}" was used before with another body; that one is ${item.id}`);
}

export type { RunRecord };
