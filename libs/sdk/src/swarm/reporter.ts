import type { Bus } from '@multiswarm/bus';
import {
  subjects,
  type AttemptRef,
  type DispatchOutcome,
  type DispatchRequest,
  type ProgressReport,
  type ReportReply,
} from '@multiswarm/contracts';
import { backoffMs, delay, type Backoff, type Clock, type Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { ReportBuffer, type PendingReport } from './report-buffer';
import { ReportLane, type LaneEnvironment, type LaneListener } from './report-lane';
import type { Said } from './report-outbox';
import { ReportRoutes } from './report-routes';

export interface ReporterOptions {
  bus: Bus;
  swarmId: string;
  region: string;
  instance: string;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Slots for which a new attempt would be taken now. */
  freeSlots: () => number;
  onAcknowledged: (ref: AttemptRef) => void;
  /** Attempts that came with an answer. */
  onFetched: (requests: readonly DispatchRequest[]) => void;
}

/** Before a report is said again that came back without an acknowledgement. */
const RETURN_BACKOFF: Backoff = { initialMs: 50, factor: 2, maxMs: 2_000, jitter: 0.3 };
/** Before a report is said again that nobody could read. */
const UNREADABLE_BACKOFF: Backoff = { initialMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.3 };

/**
 * Tells the owners of the shards how attempts ended, again and again until they say that they know; what came of attempts
 * that they sent with an answer; and how far attempts are. Each message offers the slots that are free then.
 *
 * P1. Reports of all shards that go to one replica travel in one message, one under way for each subject: see ReportLane.
 * P2. A report is kept until its owner has recorded it, or knows better. One that its replica does not own any more goes to
 *     the subject of its shard.
 * P3. A slot is offered in one message at a time.
 */
export class Reporter implements LaneListener {
  private readonly buffer = new ReportBuffer();
  private readonly routes = new ReportRoutes();
  private readonly lanes = new Map<string, ReportLane>();
  private readonly environment: LaneEnvironment;
  private readonly waiters = new Set<() => void>();
  private readonly later = new Set<() => void>();
  private wakeUp = new AbortController();
  private messages = 0;
  /** Slots that answers under way may fill. */
  private fetching = 0;
  /** Outcomes that no owner has answered yet. */
  private unsaid = 0;
  private closed = false;

  constructor(private readonly options: ReporterOptions) {
    const { bus, clock, random, log, swarmId, region, instance } = options;
    this.environment = {
      ...{ bus, clock, random, log },
      envelope: () => ({ v: 1, swarmId, region, instance, id: `${instance}-${this.messages++}` }),
      reserveSlots: (reports) => this.reserveSlots(reports),
      releaseSlots: (fetching) => void (this.fetching -= fetching),
      pause: (ms) => delay(clock, ms, this.wakeUp.signal).catch(() => undefined),
    };
  }

  get full(): boolean {
    return this.buffer.full;
  }

  get unacknowledged(): number {
    return this.buffer.size;
  }

  /** Where the reports of a shard go from now on. */
  learn(request: DispatchRequest): void {
    this.routes.learn(request);
  }

  /** @param json an `AttemptReport` */
  report(shard: number, ref: AttemptRef, json: string): void {
    this.send(this.buffer.add(shard, ref, json));
  }

  progress(shard: number, progress: ProgressReport): void {
    this.laneOf(shard).addProgress({ shard, progress });
  }

  /** What came of attempts that an owner sent with its answer. */
  answer(shard: number, outcomes: readonly DispatchOutcome[]): void {
    this.unsaid += outcomes.length;
    const lane = this.laneOf(shard);
    for (const outcome of outcomes) lane.addOutcome({ shard, outcome });
  }

  /** Tries at once what waits for its next try: the connection is back. */
  wake(): void {
    this.wakeUp.abort();
    this.wakeUp = new AbortController();
    for (const again of [...this.later]) again();
  }

  /** Resolves to true when all is said and acknowledged, to false when it is not within `ms`. */
  async flushed(ms: number): Promise<boolean> {
    if (this.isQuiet) return true;
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.waiters.delete(done);
        resolve(true);
      };
      const cancel = this.options.clock.after(ms, () => {
        this.waiters.delete(done);
        resolve(false);
      });
      this.waiters.add(done);
    });
  }

  close(): void {
    this.closed = true;
    for (const lane of this.lanes.values()) lane.close();
    this.wake();
  }

  onAnswer(lane: ReportLane, { reports, outcomes }: Said, { acks, next }: ReportReply): void {
    const moved = new Set<string>();
    for (const ack of acks) {
      if (ack.status === 'moved') moved.add(keyOf(ack));
      else if (this.buffer.acknowledge(ack)) this.options.onAcknowledged(ack);
    }
    this.unsaid -= outcomes.length;
    if (next.length > 0) this.options.onFetched(next);
    for (const item of reports) {
      if (!this.buffer.has(item)) continue;
      if (lane.replica && moved.has(keyOf(item))) this.sendElsewhere(lane, item);
      else this.sendLater(item, backoffMs(RETURN_BACKOFF, ++item.returns, this.options.random));
    }
    this.announceQuiet();
  }

  onUndeliverable(lane: ReportLane, { reports, outcomes, progress }: Said): void {
    for (const { shard } of [...reports, ...outcomes, ...progress]) this.leave(lane, shard);
    for (const item of reports) this.send(item);
    for (const item of outcomes) this.laneOf(item.shard).addOutcome(item);
    for (const item of progress) this.laneOf(item.shard).addProgress(item);
  }

  onUnreadable(_lane: ReportLane, item: PendingReport): void {
    if (!this.buffer.has(item)) return;
    this.sendLater(item, backoffMs(UNREADABLE_BACKOFF, ++item.refusals, this.options.random));
  }

  onOutcomesDropped(count: number): void {
    this.unsaid -= count;
    this.announceQuiet();
  }

  /** Replicas come and go, and so do their subjects. */
  onIdle(lane: ReportLane): void {
    this.lanes.delete(lane.subject);
  }

  private get isQuiet(): boolean {
    return this.buffer.size === 0 && this.unsaid === 0;
  }

  private announceQuiet(): void {
    if (this.isQuiet) for (const resolve of [...this.waiters]) resolve();
  }

  private send(item: PendingReport): void {
    this.laneOf(item.shard).addReport(item);
  }

  private sendElsewhere(lane: ReportLane, item: PendingReport): void {
    this.leave(lane, item.shard);
    this.send(item);
  }

  private sendLater(item: PendingReport, ms: number): void {
    const again = (): void => {
      cancel();
      this.later.delete(again);
      if (!this.closed) this.send(item);
    };
    const cancel = this.options.clock.after(ms, again);
    this.later.add(again);
  }

  /** The shard is not reported to there any more, unless a dispatch has named another place meanwhile. */
  private leave(lane: ReportLane, shard: number): void {
    if (this.routes.subjectOf(shard) === lane.subject) this.routes.forget(shard);
  }

  private laneOf(shard: number): ReportLane {
    const subject = this.routes.subjectOf(shard);
    const known = this.lanes.get(subject);
    if (known) return known;
    const replica = subject !== subjects.shardReport(shard);
    const lane = new ReportLane(subject, replica, this.environment, this);
    if (this.closed) lane.close();
    this.lanes.set(subject, lane);
    return lane;
  }

  /** P3. Without a report no slot came free, and there is nothing to fetch. */
  private reserveSlots(reports: number): { fetch: number; fetching: number } {
    if (reports === 0 || this.full || this.closed) return { fetch: 0, fetching: 0 };
    const fetch = Math.max(0, this.options.freeSlots() - this.fetching);
    const fetching = Math.min(fetch, reports);
    this.fetching += fetching;
    return { fetch, fetching };
  }
}

function keyOf({ taskId, attempt }: AttemptRef): string {
  return `${taskId}/${attempt}`;
}
