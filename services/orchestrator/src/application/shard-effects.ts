import type { AttemptDispatch, JsonValue } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Effect, TaskRecord } from '../domain/task/record';
import { effectiveInput } from '../domain/workflow/input';
import type { Placer, ReadyTasks } from '../ports';
import type { AttemptLeases } from './attempt-leases';
import type { Dispatcher } from './dispatcher';
import type { Meters } from './meters';

export interface EffectParts {
  ready: ReadyTasks;
  placer: Placer;
  dispatcher: Dispatcher;
  leases: AttemptLeases;
  clock: Clock;
  meters: Meters;
}

/** What leaves an owner after a commit: to the scheduler, the load-balancer, the coordinators and the clock. */
export class ShardEffects {
  constructor(
    private readonly shard: number,
    private readonly parts: EffectParts,
    private readonly upstream: (record: TaskRecord) => Record<string, JsonValue> | undefined,
    private readonly retryDue: (taskId: string) => void,
  ) {}

  perform(effect: Effect, record: TaskRecord): void {
    const { ready, meters } = this.parts;
    switch (effect.kind) {
      case 'enqueue':
        ready.ready(record, this.shard, effect.avoid);
        break;
      case 'dequeue':
        ready.gone(record.id);
        break;
      case 'dispatch':
        this.dispatch(record);
        break;
      case 'cancel-attempt':
        this.cancelAttempt(record);
        break;
      case 'wake-at':
        this.wakeAt(record.id, effect.at);
        break;
      case 'give-back':
        this.giveBack(effect, record);
        break;
      case 'ended':
        meters.ended(record);
    }
  }

  /** Takes up a task that an earlier owner has left in this state. */
  resume(record: TaskRecord): void {
    if (record.state === 'queued') this.parts.ready.ready(record, this.shard, undefined);
    else if (record.state === 'assigned') this.dispatch(record);
    else if (record.state === 'running') this.watch(record);
    else if (record.state === 'backoff' && record.retryAt !== undefined)
      this.wakeAt(record.id, record.retryAt);
    if (record.cancel) this.cancelAttempt(record);
  }

  remindOfCancel(record: TaskRecord): void {
    this.cancelAttempt(record);
  }

  private giveBack(
    { attempt, outcome, durationMs }: Extract<Effect, { kind: 'give-back' }>,
    record: TaskRecord,
  ): void {
    const { leases, meters, placer, ready } = this.parts;
    leases.drop(record.id);
    if (outcome === 'lost') meters.lost(attempt.region);
    const { swarmId, reservationId = '' } = attempt;
    placer.report([
      { reservationId, swarmId, taskId: record.id, attempt: attempt.attempt, outcome, durationMs },
    ]);
    ready.capacityChanged(1);
  }

  private dispatch(record: TaskRecord): void {
    const attempt = record.attempts.at(-1);
    if (!attempt) return;
    this.watch(record);
    this.parts.dispatcher.send(
      attempt.region,
      toDispatch(this.shard, record, attempt, this.upstream(record)),
    );
  }

  private watch(record: TaskRecord): void {
    this.parts.leases.hold({ taskId: record.id, attempt: record.attempt });
  }

  private cancelAttempt(record: TaskRecord): void {
    const attempt = record.attempts.at(-1);
    if (!attempt || attempt.outcome !== undefined) return;
    const reason = record.cancel?.reason ?? 'cancelled';
    this.parts.dispatcher.cancel(attempt.region, attempt.swarmId, {
      taskId: record.id,
      attempt: attempt.attempt,
      reason,
    });
  }

  private wakeAt(taskId: string, at: number): void {
    const { clock } = this.parts;
    clock.after(Math.max(0, at - clock.now()), () => {
      this.retryDue(taskId);
    });
  }
}

function toDispatch(
  shard: number,
  { id, spec }: TaskRecord,
  { attempt, swarmId }: { attempt: number; swarmId: string },
  upstream: Record<string, JsonValue> | undefined,
): AttemptDispatch {
  const { startToCloseMs } = spec.timeouts;
  return {
    taskId: id,
    attempt,
    shard,
    swarmId,
    type: spec.type,
    namespace: spec.namespace,
    priority: spec.priority,
    input: effectiveInput(spec.input, upstream),
    resources: spec.requirements.resources ?? {},
    ...(startToCloseMs === undefined ? {} : { startToCloseMs }),
    ...(spec.workflowId === undefined ? {} : { workflowId: spec.workflowId }),
    ...(spec.step === undefined ? {} : { step: spec.step }),
    traceparent: spec.traceparent,
  };
}
