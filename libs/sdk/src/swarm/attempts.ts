import type {
  AttemptDispatch,
  AttemptRef,
  ControlReply,
  ControlRequest,
  DispatchOutcome,
  DispatchReply,
  DispatchRequest,
} from '@multiswarm/contracts';
import type { Admission } from './admission';
import { Attempt, type AttemptEnvironment, type Registration } from './attempt';
import type { AbortCause } from './ending';
import type { Reporter } from './reporter';

export interface AttemptsOptions {
  admission: Admission;
  reporter: Reporter;
  environment: AttemptEnvironment;
  registrationFor: (type: string) => Registration | undefined;
  /** A slot was taken or came free. */
  onChange: () => void;
}

/** The attempts of one swarm: admits, starts, aborts and reports them. */
export class Attempts {
  private readonly running = new Map<string, Attempt>();
  private readonly waiters = new Set<() => void>();

  constructor(private readonly options: AttemptsOptions) {}

  get held(): AttemptRef[] {
    return this.options.admission.held;
  }

  dispatch({ shard, epoch, attempts }: DispatchRequest): DispatchReply {
    return { v: 1, outcomes: attempts.map((attempt) => this.admit(attempt, shard, epoch)) };
  }

  /** Aborts what runs of the given attempts; the rest is none of ours, or over. */
  cancel(control: ControlRequest): ControlReply {
    if (control.kind !== 'cancel') return { v: 1, held: this.held };
    const { attempts } = control;
    for (const { reason, ...ref } of attempts) this.running.get(keyOf(ref))?.abort('cancelled', reason);
    return { v: 1, held: this.held };
  }

  abortAll(cause: AbortCause, reason: string): void {
    for (const attempt of this.running.values()) attempt.abort(cause, reason);
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

  private admit(dispatch: AttemptDispatch, shard: number, epoch: number): DispatchOutcome {
    const { taskId, attempt, resources } = dispatch;
    const { admission, registrationFor, reporter, environment } = this.options;
    const registration = registrationFor(dispatch.type);
    admission.setBacklogFull(reporter.full);
    const decision = admission.offer({
      shard,
      epoch,
      taskId,
      attempt,
      resources,
      handled: registration !== undefined,
    });
    for (const ref of decision.superseded) {
      this.running.get(keyOf(ref))?.abort('superseded', `attempt ${attempt} of the task was dispatched`);
    }
    if (decision.outcome === 'refused') {
      environment.log.debug('attempt refused', {
        taskId,
        attempt,
        reason: decision.reason,
        traceparent: dispatch.traceparent,
      });
      return { taskId, attempt, outcome: 'refused', reason: decision.reason };
    }
    if (decision.start && registration) this.start(dispatch, shard, registration);
    return { taskId, attempt, outcome: 'accepted' };
  }

  private start(dispatch: AttemptDispatch, shard: number, registration: Registration): void {
    const { admission, reporter, environment, onChange } = this.options;
    const ref = { taskId: dispatch.taskId, attempt: dispatch.attempt };
    const attempt = new Attempt(dispatch, registration, environment);
    this.running.set(keyOf(ref), attempt);
    onChange();
    void attempt.report.then((report) => {
      this.running.delete(keyOf(ref));
      reporter.report(shard, report);
      if (this.running.size === 0) for (const resolve of [...this.waiters]) resolve();
    });
    void attempt.ended.then(() => {
      admission.handlerEnded(ref);
      onChange();
    });
  }
}

function keyOf({ taskId, attempt }: AttemptRef): string {
  return `${taskId}/${attempt}`;
}
