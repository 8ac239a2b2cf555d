import {
  groupOf,
  type AttemptDispatch,
  type AttemptRef,
  type DispatchRequest,
  type Fault,
  type HeldAttempt,
  type JsonValue,
  type LbReport,
  type PayloadRef,
  type RegionSummary,
  type TaskError,
} from '@multiswarm/contracts';
import { jsonBytes } from '@multiswarm/core';
import { swarmsToAvoid, type Effect, type TaskRecord } from '../domain/task/record';
import { groupKeyOf, toClass } from '../domain/queue/task-class';
import type { Placer, QueuedChange, SchedulerLink } from '../ports';
import type { AttemptLeases } from './attempt-leases';
import type { Change } from './change';
import type { Dispatcher } from './dispatcher';
import type { KeptSlots } from './kept-slots';
import type { Meters } from './meters';

export interface EffectParts {
  scheduler: Pick<SchedulerLink, 'tell' | 'capacityChanged'> & Pick<KeptSlots, 'keepsEnd'>;
  placer: Placer;
  dispatcher: Dispatcher;
  leases: AttemptLeases;
  meters: Meters;
}

/** What is particular about the effects of one change. */
export interface Circumstances {
  /** The attempts that took over the slots of those that ended, by the ended one's task. */
  next?: ReadonlyMap<string, AttemptRef>;
  /** Placed attempts go out with an answer that is owed to their swarm anyway, as long as it has room; others through the coordinator. */
  answer?: AnswerRoom;
  /** Nobody waits for it: it may be committed together with what comes next. */
  lazy?: boolean;
}

/** How many bytes of attempts an answer may still take: it has to fit a NATS message. */
export interface AnswerRoom {
  bytes: number;
}

/** What one change has for others: gathered first, so that each of them gets one message. */
interface Outgoing {
  released: AttemptRef[];
  outcomes: LbReport['outcomes'];
  freed: number;
}

/** What an attempt has beside its input, roughly. */
const ENVELOPE_BYTES = 512;
const NO_RESOURCES: AttemptDispatch['resources'] = {};
const NOBODY: string[] = [];
const GIVEN_UP = 'it was given up while nothing was heard of it, and may run elsewhere';

/** What leaves an owner after a commit: to the scheduler, the load-balancer and the coordinators. */
export class ShardEffects {
  constructor(
    private readonly shard: number,
    private readonly parts: EffectParts,
    /** What the swarm gets as the input of a task. */
    private readonly inputOf: (record: TaskRecord) => JsonValue,
    private readonly upstreamRefs: (record: TaskRecord) => Record<string, PayloadRef> | undefined,
  ) {}

  /**
   * What the scheduler may know before the commit: a placement takes a while, and is committed after the change that it
   * rests on, or, like that, not at all.
   */
  announce(change: Change): void {
    const queued: QueuedChange[] = [];
    const gone: string[] = [];
    for (const { effect, record } of change.effects) {
      if (effect.kind === 'enqueue') queued.push(queuedChange(record));
      else if (effect.kind === 'dequeue') gone.push(record.id);
    }
    if (queued.length + gone.length > 0) this.parts.scheduler.tell(this.shard, { queued, gone });
  }

  /** @returns what goes out with the answer, where the attempts were fetched. */
  perform(change: Change, circumstances: Circumstances = {}): DispatchRequest | undefined {
    const { scheduler, placer, dispatcher } = this.parts;
    const out: Outgoing = { released: [], outcomes: [], freed: 0 };
    const fetched: AttemptDispatch[] = [];
    for (const { effect, record } of change.effects) {
      const dispatch = this.one(effect, record, out, circumstances);
      if (!dispatch) continue;
      if (takesRoom(circumstances.answer, dispatch)) fetched.push(dispatch);
      else this.send(record, dispatch);
    }
    if (out.released.length > 0) scheduler.tell(this.shard, { released: out.released });
    if (out.outcomes.length > 0) placer.report(out.outcomes);
    if (out.freed > 0) scheduler.capacityChanged(out.freed);
    return fetched.length > 0 ? dispatcher.request(fetched) : undefined;
  }

  /** Takes up a task that an earlier owner has left placed. */
  resume(record: TaskRecord): void {
    if (record.state === 'assigned') this.dispatchAgain(record);
    else if (record.state === 'running') this.watch(record, false);
    if (record.cancel) this.remindOfCancel(record);
  }

  /** Asks through the coordinator after an attempt that was sent before, and was not accepted in time. */
  dispatchAgain(record: TaskRecord): void {
    this.send(record, { ...this.toDispatch(record), again: true });
  }

  remindOfCancel(record: TaskRecord): void {
    const attempt = record.attempts.at(-1);
    if (!attempt || attempt.outcome !== undefined) return;
    const reason = record.cancel?.reason ?? 'cancelled';
    this.parts.dispatcher.cancel(attempt.region, attempt.swarmId, {
      taskId: record.id,
      attempt: attempt.attempt,
      reason,
    });
  }

  private one(
    effect: Effect,
    record: TaskRecord,
    out: Outgoing,
    { next, answer }: Circumstances,
  ): AttemptDispatch | undefined {
    switch (effect.kind) {
      case 'enqueue':
      case 'dequeue':
      case 'reopened':
        return undefined;
      case 'dispatch':
        if (!answer) {
          this.send(record, this.toDispatch(record));
          return undefined;
        }
        this.watch(record, true);
        return this.toDispatch(record);
      case 'cancel-attempt': {
        const { attempt, swarmId, region, reason } = effect;
        this.parts.dispatcher.cancel(region, swarmId, { taskId: record.id, attempt, reason });
        return undefined;
      }
      case 'signal-attempt':
        this.signal(record);
        return undefined;
      case 'give-back':
        this.giveBack(effect, record, out, next?.get(record.id));
        return undefined;
      case 'replaced': {
        const { swarmId, reservationId = '', attempt } = effect.attempt;
        const { type } = record.spec;
        out.outcomes.push({ reservationId, swarmId, taskId: record.id, attempt, outcome: 'refused', type });
        return undefined;
      }
      case 'ended':
        this.parts.meters.ended(record);
        return undefined;
    }
  }

  giveUp(region: string, swarmId: string, attempt: AttemptRef): void {
    this.parts.dispatcher.cancel(region, swarmId, { ...attempt, reason: GIVEN_UP });
  }

  /** Tells the swarms that still run what was given up. */
  stopInVain(summary: RegionSummary): void {
    for (const { swarmId, ...ref } of this.parts.leases.listedInVain(summary))
      this.giveUp(summary.region, swarmId, ref);
  }

  /** An attempt that is not current any more, as far as the record says, and that its swarm has all the same. */
  stopStray(record: TaskRecord, number: number): void {
    const attempt = record.attempts.find((each) => each.attempt === number);
    if (!attempt || attempt.outcome === undefined) return;
    const { region, swarmId } = attempt;
    this.giveUp(region, swarmId, { taskId: record.id, attempt: number });
  }

  private send(record: TaskRecord, dispatch: AttemptDispatch): void {
    this.watch(record, false);
    // For a coordinator that has to pick another swarm.
    dispatch.requirements = record.spec.requirements;
    dispatch.routing = record.spec.routing;
    this.parts.dispatcher.send(record.attempts.at(-1)?.region ?? '', dispatch);
  }

  private giveBack(
    { attempt, outcome, durationMs }: Extract<Effect, { kind: 'give-back' }>,
    record: TaskRecord,
    out: Outgoing,
    next: AttemptRef | undefined,
  ): void {
    const { leases, meters, scheduler } = this.parts;
    const { swarmId, reservationId = '' } = attempt;
    if (outcome === 'lost') {
      leases.giveUp({ taskId: record.id, attempt: attempt.attempt }, swarmId);
      meters.lost(attempt.region);
    } else leases.drop(record.id, attempt.attempt);
    const ended: LbReport['outcomes'][number] = {
      reservationId,
      swarmId,
      taskId: record.id,
      attempt: attempt.attempt,
      outcome,
      durationMs,
      type: record.spec.type,
      namespace: record.spec.namespace,
    };
    if (outcome === 'failed') ended.fault = faultOf(attempt.error);
    out.released.push({ taskId: record.id, attempt: attempt.attempt });
    if (next) ended.next = next;
    else if (scheduler.keepsEnd(ended)) return;
    else out.freed += 1;
    out.outcomes.push(ended);
  }

  private signal(record: TaskRecord): void {
    const attempt = record.attempts.at(-1);
    if (!attempt || !record.signals) return;
    const signals = [{ taskId: record.id, attempt: attempt.attempt, signals: record.signals }];
    this.parts.dispatcher.control(attempt.region, attempt.swarmId, { v: 1, kind: 'signal', signals });
  }

  private watch(record: TaskRecord, sent: boolean): void {
    const { leases } = this.parts;
    leases.hold(record.id, record.attempt, lastAttempt(record)?.region ?? '', sent);
  }

  private toDispatch(record: TaskRecord): AttemptDispatch {
    const { id, spec, attempt, signals } = record;
    const { startToCloseMs, heartbeatMs } = spec.timeouts;
    const isStep = spec.workflowId !== undefined;
    // With every field that one may have: who sends it copies it and adds some, and all copies have one shape.
    const dispatch: AttemptDispatch = {
      taskId: id,
      attempt,
      shard: this.shard,
      swarmId: lastAttempt(record)?.swarmId ?? '',
      type: spec.type,
      namespace: spec.namespace,
      priority: spec.priority,
      input: isStep ? this.inputOf(record) : spec.input,
      inputRef: spec.inputRef,
      upstreamRefs: isStep ? this.upstreamRefs(record) : undefined,
      resources: spec.requirements.resources ?? NO_RESOURCES,
      startToCloseMs,
      heartbeatMs,
      signals,
      requirements: undefined,
      routing: undefined,
      group: spec.routing && groupKeyOf(spec),
      again: undefined,
      placement: undefined,
      workflowId: spec.workflowId,
      step: spec.step,
      traceparent: spec.traceparent,
    };
    return dispatch;
  }
}

/** @returns whether it still goes into the answer */
function takesRoom(answer: AnswerRoom | undefined, { input }: AttemptDispatch): boolean {
  if (!answer) return false;
  const bytes = jsonBytes(input) + ENVELOPE_BYTES;
  if (bytes > answer.bytes) return false;
  answer.bytes -= bytes;
  return true;
}

function lastAttempt({ attempts }: TaskRecord): TaskRecord['attempts'][number] | undefined {
  return attempts[attempts.length - 1];
}

/**
 * Whose fault a failed attempt is: the task's where its agent, or its retry policy, rules out that a repetition would help,
 * since then no other swarm would have done better; what may be repeated may be the swarm's.
 */
function faultOf(error: TaskError | undefined): Fault {
  return error?.retryable === false ? 'task' : 'swarm';
}

/** A queued task, as the scheduler is told of it. */
export function queuedChange(record: TaskRecord): QueuedChange {
  const { id, spec, attempt, attempts, order, since, waitingSince } = record;
  const taskClass = toClass(spec);
  const task: QueuedChange['task'] = {
    taskId: id,
    attempt: attempt + 1,
    classKey: taskClass.key,
    priority: spec.priority,
    order,
    queuedAt: waitingSince ?? since,
    traceparent: spec.traceparent,
  };
  if (spec.fairnessKey !== undefined) task.fairnessKey = spec.fairnessKey;
  if (spec.limitKeys !== undefined && spec.limitKeys.length > 0) task.limitKeys = spec.limitKeys;
  const avoid = attempts.length > 0 ? swarmsToAvoid(record) : NOBODY;
  if (avoid.length > 0) task.avoid = avoid;
  addOutlook(task, spec);
  return { task, taskClass };
}

/** What a task has of its own that decides where it goes. */
function addOutlook(task: QueuedChange['task'], spec: TaskRecord['spec']): void {
  const { routing, estimateMs, timeouts, workflowId, type } = spec;
  if (estimateMs !== undefined) task.estimateMs = estimateMs;
  if (timeouts.deadline !== undefined) task.dueAt = Date.parse(timeouts.deadline);
  if (routing === undefined) return;
  if (routing.affinity !== undefined) task.affinity = routing.affinity;
  const group = groupOf(routing, workflowId ?? type);
  if (group !== undefined) task.group = group;
}

/** A placed task, as a scheduler has to count it in its limits. */
export function heldAttempt({ id, spec, attempt }: TaskRecord): HeldAttempt {
  const { namespace, limitKeys } = spec;
  return { taskId: id, attempt, namespace, ...(limitKeys === undefined ? {} : { limitKeys }) };
}
