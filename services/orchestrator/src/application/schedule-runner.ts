import { asMultiswarmError, LIMITS, MultiswarmError, type TaskError } from '@multiswarm/contracts';
import type { Cancel, Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { advance, LOOK_AGAIN_MS, waitsForEnd, wakeAt } from '../domain/schedule/advance';
import { startOf } from '../domain/schedule/jitter';
import { ended, started, type Started } from '../domain/schedule/noted';
import type { Fire, ScheduleState } from '../domain/schedule/schedule';
import type { NamedSchedule, ScheduledRuns, ScheduleStore, StoredSchedule } from '../schedule-ports';
import type { ScheduleMeters } from './meters';
import { EndWatch } from './schedule-ends';
import { conductOf } from './schedule-terms';

export interface ScheduleRunnerParts {
  store: ScheduleStore;
  runs: ScheduledRuns;
  clock: Clock;
  logger: Pick<Logger, 'info' | 'warn'>;
  meters: ScheduleMeters;
}

/** The time in which this process schedules. */
export interface Office {
  epoch: number;
  /** On a monotonic clock: false as soon as another process may be in office. */
  holds(): boolean;
}

/** Schedules that are looked at together, and runs of one schedule that are submitted together. */
const TOGETHER = 16;
const SUBMITTED_TOGETHER = 8;
/** Due ones that one look reads. */
const LOOK_ITEMS = 200;
/** After a fault a schedule is tried again, with pauses that double. */
const PAUSE_MS = { first: 1_000, most: 10_000 };

type Rest = 'again' | 'rest' | 'unanswered';

/**
 * Starts what is due, as long as this process is in office. It waits for the soonest time of all schedules, and is told when a
 * schedule was changed, or when a run has ended that something waits for.
 *
 * R1. What is to start is stored before it is submitted, and what came of it afterwards. Both are refused where another process is
 *     in office, or the schedule was changed since it was read: then it is read again, and nothing was decided.
 * R2. A run has the idempotency key of its time: whoever finds it among those that are to start submits it again, and gets the same.
 * R3. One schedule is looked at by one turn at a time.
 */
export class ScheduleRunner {
  private readonly waiting = new Map<string, NamedSchedule>();
  private readonly busy = new Set<string>();
  /** After a fault: until when it is left alone, epoch ms, and how long that was. */
  private readonly held = new Map<string, { until: number; pauseMs: number }>();
  private readonly ends: EndWatch;
  private cancelTimer: Cancel = () => undefined;
  private looking: 'no' | 'yes' | 'again' = 'no';
  private isStopped = false;
  /** Nobody hears here of ends that the process before waited for: all that waits is looked at once. */
  private aheadMs = LOOK_AGAIN_MS;

  constructor(
    private readonly office: Office,
    private readonly parts: ScheduleRunnerParts,
  ) {
    this.ends = new EndWatch(parts.runs, (of) => this.wake(of));
  }

  start(): void {
    this.look();
  }

  stop(): void {
    this.isStopped = true;
    this.cancelTimer();
    this.ends.stop();
  }

  /** There may be something to do for it. */
  wake(of: NamedSchedule): void {
    this.held.delete(idOf(of));
    this.waiting.set(idOf(of), { namespace: of.namespace, name: of.name });
    this.pump();
  }

  private look(): void {
    if (this.isStopped) return;
    if (this.looking !== 'no') {
      this.looking = 'again';
      return;
    }
    this.looking = 'yes';
    void this.lookOnce()
      .catch((error: unknown) => {
        this.parts.logger.warn('schedules were not read', { error });
        this.arm(PAUSE_MS.first);
      })
      .finally(() => {
        const again = this.looking === 'again';
        this.looking = 'no';
        if (again) this.look();
      });
  }

  private async lookOnce(): Promise<void> {
    const { store, clock } = this.parts;
    const soonest = await store.soonest(LOOK_ITEMS + this.busy.size + this.held.size);
    if (this.isStopped) return;
    const now = clock.now();
    let next = now + LOOK_AGAIN_MS;
    for (const { at, ...of } of soonest) {
      if (this.busy.has(idOf(of))) continue; // it looks again when it is done
      const from = Math.max(at - this.aheadMs, this.held.get(idOf(of))?.until ?? 0);
      if (from <= now) this.waiting.set(idOf(of), of);
      else next = Math.min(next, Math.max(from, at));
    }
    this.aheadMs = 0;
    this.arm(next - now);
    this.pump();
  }

  private arm(ms: number): void {
    this.cancelTimer();
    if (!this.isStopped) this.cancelTimer = this.parts.clock.after(ms, () => this.look());
  }

  private pump(): void {
    for (const [id, of] of this.waiting) {
      if (this.isStopped || this.busy.size >= TOGETHER) return;
      if (this.busy.has(id)) continue; // R3
      this.waiting.delete(id);
      this.busy.add(id);
      void this.take(of).finally(() => {
        this.busy.delete(id);
        this.pump();
        if (this.waiting.size === 0) this.look();
      });
    }
  }

  /** Turns until there is nothing left to do for now. */
  private async take(of: NamedSchedule): Promise<void> {
    try {
      let rest: Rest = 'again';
      while (rest === 'again' && this.isInOffice()) {
        const stored = await this.parts.store.get(of);
        if (!stored) this.ends.forget(of);
        rest = stored ? await this.turn(stored) : 'rest';
      }
      if (rest === 'rest') this.held.delete(idOf(of));
      else this.hold(of);
    } catch (error) {
      if (error instanceof MultiswarmError && error.code === 'stale-epoch') this.stop();
      else {
        this.parts.logger.warn('a schedule waits', { ...of, error });
        this.hold(of);
      }
    }
  }

  private async turn(stored: StoredSchedule): Promise<Rest> {
    const { clock } = this.parts;
    const conduct = conductOf(stored);
    if (waitsForEnd(stored.state)) this.ends.watch(stored, stored.state.running); // before one looks
    const read = ended(stored.state, await this.endsOf(stored.state));
    const state = advance(conduct, read, clock.now());
    const revision = await this.note(stored, stored.revision, stored.state, state);
    if (revision === undefined) return 'again';
    const isNewlyWatched = waitsForEnd(state) && this.ends.watch(stored, state.running);
    if (!waitsForEnd(state)) this.ends.forget(stored);
    await this.cancelRuns(stored, state);
    if (state.starting.length === 0) {
      const wake = wakeAt(conduct, state, clock.now()) ?? Infinity;
      return isNewlyWatched || wake <= clock.now() ? 'again' : 'rest';
    }
    return this.begin({ ...stored, revision, state });
  }

  private async begin(stored: StoredSchedule): Promise<Rest> {
    const { clock, meters } = this.parts;
    const { revision, state } = stored;
    const news = await this.submit(stored, state.starting);
    if (news.length === 0) return 'unanswered';
    const now = clock.now();
    for (const { fire } of news)
      if (fire.cause === 'time') meters.late(now - startOf(conductOf(stored), fire.at));
    const noted = await this.note(stored, revision, state, started(state, news, now));
    return noted !== undefined && news.length < state.starting.length ? 'unanswered' : 'again';
  }

  /** R1. */
  private async note(
    stored: StoredSchedule,
    revision: number,
    before: ScheduleState,
    state: ScheduleState,
  ): Promise<number | undefined> {
    const wake = wakeAt(conductOf(stored), state, this.parts.clock.now());
    const change = { revision, state, wakeAt: wake };
    const noted = await this.parts.store.change(stored, change, this.office.epoch);
    if (noted !== undefined) this.count(before, state);
    return noted;
  }

  private count({ counts: before }: ScheduleState, { counts }: ScheduleState): void {
    for (const outcome of ['started', 'skipped', 'missed', 'failed'] as const) {
      const more = counts[outcome] - before[outcome];
      if (more > 0) this.parts.meters.decided(outcome, more);
    }
  }

  private async endsOf({
    running,
  }: ScheduleState): Promise<Map<string, Awaited<ReturnType<ScheduledRuns['state']>>>> {
    const states = await Promise.all(
      running.map(async ({ id }) => [id, await this.parts.runs.state(id)] as const),
    );
    return new Map(states.filter(([, state]) => state !== 'running'));
  }

  private async cancelRuns(of: StoredSchedule, { running }: ScheduleState): Promise<void> {
    const reason = `a later time of schedule ${of.name} is to start`;
    for (const { id, cancel } of running) if (cancel) await this.parts.runs.cancel(id, reason);
  }

  /** R2. Those that nobody has answered for are not among the news. */
  private async submit(stored: StoredSchedule, fires: readonly Fire[]): Promise<Started[]> {
    const news: Started[] = [];
    for (let at = 0; at < fires.length && this.isInOffice(); at += SUBMITTED_TOGETHER) {
      const answers = await Promise.all(
        fires.slice(at, at + SUBMITTED_TOGETHER).map((fire) => this.submitOne(stored, fire)),
      );
      for (const answer of answers) if (answer) news.push(answer);
      if (answers.includes(undefined)) break;
    }
    return news;
  }

  private async submitOne(stored: StoredSchedule, fire: Fire): Promise<Started | undefined> {
    const { runs, logger } = this.parts;
    const about = { namespace: stored.namespace, schedule: stored.name, at: new Date(fire.at).toISOString() };
    try {
      const id = await runs.submit(stored, fire.at);
      logger.info('scheduled run started', { ...about, workflowId: id });
      return { fire, id };
    } catch (error) {
      const fault = asMultiswarmError(error);
      logger.warn('scheduled run not started', { ...about, error });
      return fault.retryable ? undefined : { fire, error: asTaskError(fault) };
    }
  }

  private hold(of: NamedSchedule): void {
    const pauseMs = Math.min(PAUSE_MS.most, (this.held.get(idOf(of))?.pauseMs ?? PAUSE_MS.first / 2) * 2);
    this.held.set(idOf(of), { until: this.parts.clock.now() + pauseMs, pauseMs });
  }

  private isInOffice(): boolean {
    return !this.isStopped && this.office.holds();
  }
}

function idOf({ namespace, name }: NamedSchedule): string {
  return `${namespace}/${name}`;
}

function asTaskError({ code, message }: MultiswarmError): TaskError {
  return { code, message: message.slice(0, LIMITS.ERROR_MESSAGE_CHARS), retryable: false };
}
