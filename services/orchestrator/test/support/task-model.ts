import { LIMITS, type StepControl, type TaskState } from '@multiswarm/contracts';
import type { TaskCommand } from '../../src/domain/task/record';

/** What a task is submitted with, in milliseconds from its creation. */
export interface Rules {
  step: boolean;
  /** Of a step that no swarm runs. */
  control?: StepControl;
  notBeforeMs?: number;
  signal?: string;
  signalWaitMs?: number;
  scheduleToStartMs?: number;
  startToCloseMs?: number;
  deadlineMs?: number;
  maxAttempts: number;
  initialMs: number;
  factor: number;
  maxMs: number;
  totalMs?: number;
  nonRetryableCodes: string[];
}

/** In the order in which they count when several have run out. */
const COUNTDOWNS = [
  'deadline',
  'grace',
  'run',
  'wait',
  'total',
  'signal',
  'wake',
  'start',
  'backoff',
] as const;
export type Countdown = (typeof COUNTDOWNS)[number];

const REFUSED_AT_ONCE = 2;
const LOST_AT_ONCE = 1;

/**
 * A reference for the task state machine, of another build: it knows no records, no events and no times of day. Every
 * timeout is a countdown that is started, stopped and run down by `pass`, as the documentation tells it to people.
 */
export class TaskModel {
  state: TaskState = 'blocked';
  attempt = 0;
  failures = 0;
  losses = 0;
  signals: string[] = [];
  cancelled = false;
  paused = false;
  purged = false;
  code: string | undefined;
  /** Which time ran out, where that was the end. */
  ranOut: Countdown | undefined;
  /** What the last signal said for which the task waits. */
  private approved = false;
  private redrivenBy: string | undefined;
  private refusals = 0;
  private lossesInARow = 0;
  private tried = false;
  private progressedAt = -1;
  private elapsed = 0;
  /** Attempts that were given up, and of which nobody has heard since: how and when. */
  private readonly givenUp = new Map<number, { outcome: string; at: number }>();
  private readonly left = new Map<Countdown, number>();

  constructor(readonly rules: Rules) {
    this.start('deadline', rules.deadlineMs);
    this.start('total', rules.totalMs);
    this.start('start', rules.step ? undefined : rules.notBeforeMs);
    if (!rules.step) this.enter();
  }

  get ended(): boolean {
    return ['succeeded', 'failed', 'cancelled', 'expired', 'skipped'].includes(this.state);
  }

  get held(): boolean {
    return this.state === 'assigned' || this.state === 'running';
  }

  /** Milliseconds until something comes due; not positive where something has. */
  get dueIn(): number | undefined {
    const counting = COUNTDOWNS.filter((name) => this.counts(name)).map((name) => this.left.get(name) ?? NaN);
    return counting.length === 0 ? undefined : Math.min(...counting);
  }

  pass(ms: number): void {
    this.elapsed += ms;
    for (const [name, left] of this.left)
      if (!(name === 'wait' && this.paused)) this.left.set(name, left - ms);
  }

  /** @returns whether the command changes anything */
  give(command: TaskCommand): boolean {
    if (command.kind === 'late-result') return this.hearLate(command);
    return this.ended ? this.giveEnded(command) : this.giveOpen(command);
  }

  private giveOpen(command: Exclude<TaskCommand, { kind: 'late-result' }>): boolean {
    switch (command.kind) {
      case 'unblock':
        return this.isBlockedStep && this.does(() => (this.isAnswered ? this.answer() : this.enter()));
      case 'skip':
        return this.isBlockedStep && this.does(() => this.end('skipped', command.error.code));
      case 'reject':
        return (
          (this.isBlockedStep || this.isAwaiting) && this.does(() => this.end('failed', command.error.code))
        );
      case 'await':
        return this.isBlockedStep && this.does(() => this.awaitRun(command.wakesAt));
      case 'fulfil':
        return (this.isBlockedStep || this.isAwaiting) && this.does(() => this.end('succeeded', undefined));
      case 'cancel':
        return !this.cancelled && this.does(() => this.cancel());
      case 'pause':
        return !this.paused && !this.cancelled && this.does(() => (this.paused = true));
      case 'resume':
        return this.paused && this.does(() => (this.paused = false));
      case 'signal':
        return this.does(() => this.signal(command.signal.name, isYes(command.signal.payload)));
      case 'retry':
        return this.state === 'backoff' && !this.paused && this.does(() => this.hurry());
      case 'due':
        return this.due();
      case 'assign':
        return this.mayStart && command.attempt === this.attempt + 1 && this.does(() => this.assign());
      case 'redrive':
      case 'purge':
      case 'spent':
        return false;
      default:
        return this.held && command.attempt === this.attempt && this.ofAttempt(command);
    }
  }

  private giveEnded(command: TaskCommand): boolean {
    const isLetter = !this.rules.step && !this.purged && ['failed', 'expired'].includes(this.state);
    switch (command.kind) {
      case 'retry':
        return this.reopen();
      case 'redrive':
        if (!isLetter || command.key === this.redrivenBy || !this.reopen()) return false;
        return this.does(() => (this.redrivenBy = command.key));
      case 'purge':
        return isLetter && this.does(() => (this.purged = true));
      default:
        return false;
    }
  }

  private ofAttempt(
    command: Extract<TaskCommand, { kind: 'accepted' | 'refused' | 'lost' | 'finished' | 'progress' }>,
  ): boolean {
    switch (command.kind) {
      case 'accepted':
        return this.state === 'assigned' && this.does(() => this.accept());
      case 'refused':
        return this.state === 'assigned' && this.does(() => this.refuse());
      case 'lost':
        return this.does(() => this.lose());
      case 'progress': {
        const news = command.progress.at > this.progressedAt;
        if (news) this.progressedAt = command.progress.at;
        return news;
      }
      case 'finished': {
        const { outcome, result } = command;
        if (outcome === 'cancelled' || outcome === 'timed-out') this.giveUp(outcome);
        this.left.delete('wait');
        this.refusals = 0;
        if (outcome === 'succeeded') return this.does(() => this.end('succeeded', undefined));
        if (this.cancelled || outcome === 'cancelled')
          return this.does(() => this.end('cancelled', 'cancelled'));
        return this.does(() =>
          this.fail(result.error?.code ?? 'attempt-failed', result.error?.retryable ?? true),
        );
      }
    }
  }

  private giveUp(outcome: string): void {
    this.givenUp.set(this.attempt, { outcome, at: this.elapsed });
  }

  /** The same end at the same time is the report of that end, once more. */
  private hearLate({ attempt, outcome }: Extract<TaskCommand, { kind: 'late-result' }>): boolean {
    const end = this.givenUp.get(attempt);
    if (!end || (end.outcome === outcome && end.at === this.elapsed)) return false;
    return this.givenUp.delete(attempt);
  }

  private does(action: () => void): true {
    action();
    return true;
  }

  private get isBlockedStep(): boolean {
    return this.rules.step && this.state === 'blocked';
  }

  private get isAwaiting(): boolean {
    return this.rules.control !== undefined && this.state === 'waiting';
  }

  private get isAnswered(): boolean {
    const { control, signal } = this.rules;
    return control !== undefined && signal !== undefined && this.signals.includes(signal);
  }

  /** @param sleepMs how long it sleeps; without it until its run says more */
  private awaitRun(sleepMs: number | undefined): void {
    this.state = 'waiting';
    this.start('wake', sleepMs);
  }

  private answer(): void {
    if (this.rules.control === 'approval' && !this.approved) this.end('failed', 'rejected');
    else this.end('succeeded', undefined);
  }

  private get mayStart(): boolean {
    return this.state === 'queued' && !this.paused && !((this.dueIn ?? 1) <= 0);
  }

  private enter(): void {
    const { signal, signalWaitMs } = this.rules;
    if ((this.left.get('start') ?? 0) > 0) {
      this.state = 'blocked';
    } else if (signal !== undefined && !this.signals.includes(signal)) {
      this.state = 'waiting';
      this.start('signal', signalWaitMs);
    } else {
      this.enqueue();
    }
  }

  private enqueue(): void {
    this.state = 'queued';
    if (!this.left.has('wait')) this.start('wait', this.rules.scheduleToStartMs);
  }

  private assign(): void {
    this.attempt += 1;
    this.state = 'assigned';
    this.progressedAt = -1;
  }

  private accept(): void {
    this.state = 'running';
    this.refusals = 0;
    this.left.delete('wait');
    const { startToCloseMs } = this.rules;
    if (startToCloseMs !== undefined) this.start('run', startToCloseMs + LIMITS.TIMEOUT_GRACE_MS);
  }

  private refuse(): void {
    this.refusals += 1;
    if (this.cancelled) this.end('cancelled', 'cancelled');
    else if (this.refusals <= REFUSED_AT_ONCE) this.enqueue();
    else this.backoff(Math.min(30_000, 100 * 2 ** (this.refusals - REFUSED_AT_ONCE - 1)));
  }

  private lose(): void {
    this.giveUp('lost');
    this.losses += 1;
    this.lossesInARow += 1;
    this.tried = true;
    this.code = 'attempt-lost';
    if (this.cancelled) this.end('cancelled', 'cancelled');
    else if (this.losses > LIMITS.LOST_ATTEMPTS) this.end('failed', 'attempt-lost');
    else if (this.lossesInARow <= LOST_AT_ONCE) this.enqueue();
    else this.pauseAfterLoss(Math.min(30_000, 500 * 3 ** (this.lossesInARow - LOST_AT_ONCE - 1)));
  }

  private pauseAfterLoss(ms: number): void {
    if (ms >= (this.left.get('total') ?? Infinity)) this.end('failed', 'attempt-lost', 'total');
    else this.backoff(ms);
  }

  private fail(code: string, retryable: boolean): void {
    const { maxAttempts, initialMs, factor, maxMs, nonRetryableCodes } = this.rules;
    this.failures += 1;
    this.lossesInARow = 0;
    this.tried = true;
    this.code = code;
    let delay = initialMs;
    for (let more = 1; more < this.failures; more += 1) delay *= factor;
    delay = Math.round(Math.min(delay, maxMs));
    const isLast = this.failures === maxAttempts;
    if (!retryable || nonRetryableCodes.includes(code) || isLast) this.end('failed', code);
    else if (delay >= (this.left.get('total') ?? Infinity)) this.end('failed', code, 'total');
    else this.backoff(delay);
  }

  private backoff(ms: number): void {
    this.state = 'backoff';
    this.start('backoff', ms);
  }

  private cancel(): void {
    this.cancelled = true;
    if (this.held) this.start('grace', LIMITS.CANCEL_GRACE_MS);
    else this.end('cancelled', 'cancelled');
  }

  private signal(name: string, approved: boolean): void {
    const awaited = this.rules.signal;
    if (name === awaited) this.approved = approved;
    this.signals.push(name);
    const only = this.signals.filter((each) => each === awaited).length === 1;
    if (this.signals.length > LIMITS.TASK_SIGNALS)
      this.signals.splice(
        this.signals.findIndex((each) => each !== awaited || !only),
        1,
      );
    if (this.state !== 'waiting' || name !== awaited) return;
    if (this.rules.control === undefined) this.enqueue();
    else this.answer();
  }

  private hurry(): void {
    this.start('total', this.rules.totalMs);
    this.enqueue();
  }

  private reopen(): boolean {
    const lone = !this.rules.step && ['failed', 'expired', 'cancelled'].includes(this.state);
    if (!lone || (this.left.get('deadline') ?? 1) <= 0) return false;
    Object.assign(this, {
      failures: 0,
      losses: 0,
      refusals: 0,
      lossesInARow: 0,
      cancelled: false,
      purged: false,
      tried: false,
      code: undefined,
    });
    this.start('total', this.rules.totalMs);
    this.enter();
    return true;
  }

  private end(state: TaskState, code: string | undefined, ranOut?: Countdown): void {
    this.state = state;
    this.code = code;
    this.ranOut = ranOut;
    this.paused = false;
    this.left.delete('wait');
  }

  private due(): boolean {
    const first = COUNTDOWNS.find((name) => this.counts(name) && (this.left.get(name) ?? 1) <= 0);
    if (first === undefined) return false;
    if (this.held && first !== 'grace') this.giveUp('timed-out');
    const cancelled = (): void => this.end('cancelled', 'cancelled');
    const act: Record<Countdown, () => void> = {
      deadline: () => this.end('expired', 'deadline-exceeded', 'deadline'),
      grace: () => this.lose(),
      run: () => (this.cancelled ? cancelled() : this.fail('attempt-timeout', true)),
      wait: () => this.end('expired', 'schedule-to-start-timeout', 'wait'),
      total: () => this.end('failed', this.code, 'total'),
      signal: () => this.end('expired', 'signal-timeout', 'signal'),
      wake: () => this.end('succeeded', undefined),
      start: () => this.enter(),
      backoff: () => this.enqueue(),
    };
    act[first]();
    return true;
  }

  private start(name: Countdown, ms: number | undefined): void {
    if (ms !== undefined) this.left.set(name, ms);
  }

  /** Whether it matters in this state that a countdown runs out. */
  private counts(name: Countdown): boolean {
    if (!this.left.has(name) || this.ended) return false;
    const between = this.state === 'queued' || this.state === 'backoff';
    switch (name) {
      case 'deadline':
        return true;
      case 'grace':
        return this.held && this.cancelled;
      case 'run':
        return this.state === 'running';
      case 'wait':
        return between && !this.paused;
      case 'total':
        return between && this.tried;
      case 'signal':
      case 'wake':
        return this.state === 'waiting';
      case 'start':
        return this.state === 'blocked';
      case 'backoff':
        return this.state === 'backoff';
    }
  }
}

function isYes(payload: unknown): boolean {
  return (
    typeof payload === 'object' && payload !== null && 'approved' in payload && payload.approved === true
  );
}
