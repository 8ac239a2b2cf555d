import {
  type AttemptDispatch,
  type AttemptRef,
  type ControlReply,
  type ControlRequest,
  type DispatchOutcome,
  type DispatchReply,
  type DispatchRequest,
  type Progress,
} from '@multiswarm/contracts';
import { SlotMap } from '@multiswarm/core';
import type { Admission, RefusalReason } from './admission';
import { Attempt, type AttemptEnvironment, type AttemptListener, type Registration } from './attempt';
import type { AbortCause } from './ending';
import type { Reporter } from './reporter';

export interface AttemptsOptions {
  /** Of this process of the swarm. */
  instance: string;
  admission: Admission;
  reporter: Reporter;
  environment: AttemptEnvironment;
  registrationFor: (type: string) => Registration | undefined;
  /** A slot was taken or came free. */
  onChange: () => void;
}

/** The attempts of one swarm: admits, starts, aborts and reports them. */
export class Attempts implements AttemptListener {
  private readonly running = new SlotMap<string, Attempt>();
  private readonly waiters = new Set<() => void>();
  private accepted: Attempt[] = [];

  constructor(private readonly options: AttemptsOptions) {}

  get held(): AttemptRef[] {
    return this.options.admission.held;
  }

  /**
   * What a coordinator sends: the answer says which of them were taken. Of those for which it has picked this swarm the owner
   * hears from us too, before the result: the coordinator's word may come later.
   */
  dispatch(request: DispatchRequest): DispatchReply {
    const outcomes = this.admitAll(request);
    const accepted = this.takeAccepted();
    const { clock } = this.options.environment;
    // The answer leaves in the next turn. A handler that blocks its process must not hold it up, or nobody knows who has the attempt.
    if (accepted.length > 0) clock.soon(() => clock.soon(() => begin(accepted)));
    const picked = outcomes.flatMap((outcome, index) => {
      const placement = request.attempts[index]?.placement;
      return placement && outcome.outcome === 'accepted' ? [{ ...outcome, placement }] : [];
    });
    if (picked.length > 0) this.options.reporter.answer(request.shard, picked);
    return { v: 1, outcomes };
  }

  /** What an owner's answer to a report brings: the outcomes go with the next report. */
  fetched(requests: readonly DispatchRequest[]): void {
    const { environment, reporter } = this.options;
    for (const request of requests) reporter.answer(request.shard, this.admitAll(request));
    const accepted = this.takeAccepted();
    if (accepted.length > 0) environment.clock.soon(() => begin(accepted));
  }

  /** Aborts what runs of the given attempts; the rest is none of ours, or over. */
  cancel({ attempts }: Extract<ControlRequest, { kind: 'cancel' }>): void {
    for (const { reason, ...ref } of attempts) this.running.get(keyOf(ref))?.abort('cancelled', reason);
  }

  signal({ signals }: Extract<ControlRequest, { kind: 'signal' }>): void {
    for (const { signals: all, ...ref } of signals) this.running.get(keyOf(ref))?.signalled(all);
  }

  controlled(): ControlReply {
    return { v: 1, held: this.held };
  }

  abortAll(cause: AbortCause, reason: string): void {
    for (const attempt of [...this.running.values()]) attempt.abort(cause, reason);
  }

  /** Resolves to true when every attempt has an outcome, to false when `ms` have passed before. */
  settled(ms: number): Promise<boolean> {
    if (this.running.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.waiters.delete(done);
        resolve(true);
      };
      const cancel = this.options.environment.clock.after(ms, () => {
        this.waiters.delete(done);
        resolve(false);
      });
      this.waiters.add(done);
    });
  }

  onProgress({ taskId, attempt, shard }: Attempt, progress: Progress): void {
    this.options.reporter.progress(shard, { taskId, attempt, progress });
  }

  onReport({ taskId, attempt, shard }: Attempt, report: string): void {
    this.running.delete(keyOf({ taskId, attempt }));
    this.options.reporter.report(shard, { taskId, attempt }, report);
    if (this.running.size === 0) for (const resolve of [...this.waiters]) resolve();
  }

  onEnded(attempt: Attempt): void {
    this.options.admission.handlerEnded(attempt);
    this.options.onChange();
  }

  private admitAll(request: DispatchRequest): DispatchOutcome[] {
    const { admission, reporter, onChange } = this.options;
    reporter.learn(request);
    admission.setBacklogFull(reporter.full);
    const ours = `t${request.shard}-`;
    const outcomes = request.attempts.map((attempt) =>
      attempt.taskId.startsWith(ours) ? this.admit(attempt, request) : ofOtherShard(attempt),
    );
    onChange();
    return outcomes;
  }

  private admit(dispatch: AttemptDispatch, request: DispatchRequest): DispatchOutcome {
    const { taskId, attempt, resources, group } = dispatch;
    const { shard, epoch, regionEpoch, instance } = request;
    const { admission, registrationFor, environment } = this.options;
    const registration = registrationFor(dispatch.type);
    const decision = admission.offer({
      taskId,
      attempt,
      shard,
      epoch,
      regionEpoch,
      again: dispatch.again,
      misdirected: instance !== undefined && instance !== this.options.instance,
      resources,
      group,
      handled: registration !== undefined,
    });
    for (const ref of decision.superseded) {
      this.running.get(keyOf(ref))?.abort('superseded', `attempt ${attempt} of the task was dispatched`);
    }
    if (decision.outcome === 'refused') {
      const { reason } = decision;
      const { traceparent } = dispatch;
      environment.log.debug('attempt refused', { taskId, attempt, reason, traceparent });
      return { taskId, attempt, outcome: 'refused', reason };
    }
    if (decision.start && registration)
      this.accept(new Attempt(dispatch, shard, registration, environment, this));
    return { taskId, attempt, outcome: 'accepted' };
  }

  private accept(attempt: Attempt): void {
    this.running.set(keyOf(attempt), attempt);
    this.accepted.push(attempt);
  }

  private takeAccepted(): Attempt[] {
    const { accepted } = this;
    this.accepted = [];
    return accepted;
  }
}

/** Whoever owns one shard has no say in the tasks of another one, whose epochs are others. */
function ofOtherShard({ taskId, attempt }: AttemptRef): DispatchOutcome {
  return { taskId, attempt, outcome: 'refused', reason: 'other-shard' satisfies RefusalReason };
}

function begin(attempts: readonly Attempt[]): void {
  for (const attempt of attempts) attempt.begin();
}

function keyOf({ taskId, attempt }: AttemptRef): string {
  return `${taskId}/${attempt}`;
}
