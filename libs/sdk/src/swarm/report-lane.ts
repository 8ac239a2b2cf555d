import { NobodyListensError, type Bus, type Printed } from '@multiswarm/bus';
import {
  asMultiswarmError,
  MultiswarmError,
  type DispatchOutcome,
  type ReportReply,
  type ReportRequest,
} from '@multiswarm/contracts';
import { backoffMs, type Backoff, type Clock, type Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { PendingReport } from './report-buffer';
import { printMessage } from './report-json';
import { ReportOutbox, type Said, type ShardOutcome, type ShardProgress } from './report-outbox';
import { QuickReportReply } from './wire';

/** One message and its repetitions. */
interface Message {
  said: Said;
  body: Printed;
  /** Attempts that its answer may bring. */
  fetching: number;
}

export interface LaneEnvironment {
  bus: Bus;
  clock: Clock;
  random: Random;
  log: Logger;
  /** What every message begins with; a fresh id for each. */
  envelope: () => Pick<ReportRequest, 'v' | 'swarmId' | 'region' | 'instance' | 'id'>;
  /** Takes free slots for a message with so many reports, until it is answered; returns how many it asks for. */
  reserveSlots: (reports: number) => { fetch: number; fetching: number };
  releaseSlots: (fetching: number) => void;
  /** Resolves after `ms`, or at once when the connection is back or all is over. */
  pause: (ms: number) => Promise<void>;
}

export interface LaneListener {
  onAnswer(lane: ReportLane, said: Said, reply: ReportReply): void;
  /** Nobody answers there: what was said has to go another way. */
  onUndeliverable(lane: ReportLane, said: Said): void;
  /** Its receiver cannot read this one report. */
  onUnreadable(lane: ReportLane, report: PendingReport): void;
  /** Its receiver can make nothing of these outcomes; they are not repeated. */
  onOutcomesDropped(count: number): void;
  onIdle(lane: ReportLane): void;
}

const BACKOFF: Backoff = { initialMs: 50, factor: 2, maxMs: 2_000, jitter: 0.3 };
const TIMEOUT_MS = 5_000;
/** Tries without an answer, over a connection that is up, after which a replica counts as gone. */
const TRIES = 2;
/** Messages under way at once, where there is much to say: while one is committed the next is worked on. */
const MESSAGES = 2;
/** Reports that are worth a message beside the one that is under way. */
const WORTH_ANOTHER = 32;
const NOTHING: Said = { reports: [], outcomes: [], progress: [] };

/**
 * All that a swarm says on one subject.
 *
 * L1. One message is under way at a time, and a second one where there is enough for it to say; the next leaves when one came
 *     back, never on a timer. It leaves in a turn of its own, so what ends in the same turn travels together.
 * L2. A message without an answer is repeated as it was, id and content, so that the repetition can be given the answer that
 *     got lost; those who sent it say nothing new before.
 * L3. It is given up only on the subject of a replica, and only where nobody listens or no answer comes, twice: what it
 *     said goes to the shards' own subjects, where a new message begins.
 * L4. What its receiver cannot read is cut up, so that one report does not hold up the others.
 */
export class ReportLane {
  private readonly outbox = new ReportOutbox();
  /** Parts of what could not be read, each of which is said alone. */
  private readonly apart: Said[] = [];
  private underWay = 0;
  private closed = false;

  /** @param replica whether it is the subject of a replica, beside which the shards have their own */
  constructor(
    readonly subject: string,
    readonly replica: boolean,
    private readonly environment: LaneEnvironment,
    private readonly listener: LaneListener,
  ) {}

  addReport(report: PendingReport): void {
    if (report.refusals > 0) this.apart.push({ ...NOTHING, reports: [report] });
    else this.outbox.addReport(report);
    this.start();
  }

  addOutcome(outcome: ShardOutcome): void {
    this.outbox.addOutcome(outcome);
    this.start();
  }

  addProgress(progress: ShardProgress): void {
    this.outbox.addProgress(progress);
    this.start();
  }

  close(): void {
    this.closed = true;
  }

  private start(): void {
    if (this.closed || this.underWay >= this.messages) return;
    this.underWay += 1;
    void this.run();
  }

  private async run(): Promise<void> {
    for (;;) {
      await this.nextTurn();
      if (this.underWay > this.messages) break;
      const said = this.closed ? undefined : (this.apart.shift() ?? this.outbox.take(this.share));
      if (said === undefined) break;
      this.start();
      const message = this.compose(said);
      try {
        await this.deliver(message);
      } catch (error) {
        this.environment.log.error('an answer to reports could not be handled', {
          error,
          subject: this.subject,
        });
        for (const report of said.reports) this.listener.onUnreadable(this, report);
      }
      this.environment.releaseSlots(message.fetching);
    }
    this.underWay -= 1;
    if (this.underWay === 0) this.listener.onIdle(this);
  }

  /** How many messages may be under way for what waits now. */
  private get messages(): number {
    return this.outbox.waitingReports < WORTH_ANOTHER ? 1 : MESSAGES;
  }

  /** How many reports the next message may carry: half of them, where nothing else is under way. */
  private get share(): number {
    const waiting = this.outbox.waitingReports;
    return this.underWay > 1 || waiting < 2 * WORTH_ANOTHER ? waiting : Math.ceil(waiting / 2);
  }

  private nextTurn(): Promise<void> {
    return new Promise((resolve) => this.environment.clock.soon(resolve));
  }

  private compose(said: Said): Message {
    const { fetch, fetching } = this.environment.reserveSlots(said.reports.length);
    const message = {
      ...this.environment.envelope(),
      outcomes: untold(said),
      progress: said.progress.map(({ progress }) => progress),
      fetch,
    };
    const reports = said.reports.map(({ json }) => json);
    return { said, body: printMessage(message, reports), fetching };
  }

  /** L2, L3. */
  private async deliver(message: Message): Promise<void> {
    const { bus, random, pause } = this.environment;
    let unanswered = 0;
    for (let failures = 1; !this.closed; failures++) {
      const answer = await this.ask(message);
      if (!(answer instanceof MultiswarmError))
        return void this.listener.onAnswer(this, message.said, answer);
      this.note(answer, message);
      if (!answer.retryable) return void this.cutUp(message.said);
      // Without Redis no owner can record anything, wherever it is asked; it is not the replica that is gone.
      if (bus.connected && answer.code !== 'store-unavailable') unanswered += 1;
      if (this.replica && (answer instanceof NobodyListensError || unanswered >= TRIES))
        return void this.listener.onUndeliverable(this, message.said);
      await pause(backoffMs(BACKOFF, failures, random));
    }
  }

  private ask({ body }: Message): Promise<ReportReply | MultiswarmError> {
    return this.environment.bus
      .request(this.subject, body, { reply: QuickReportReply, timeoutMs: TIMEOUT_MS })
      .catch(asMultiswarmError);
  }

  /** L4. A progress that got lost is followed by a newer one. */
  private cutUp({ reports, outcomes, progress }: Said): void {
    const [only] = reports;
    if (reports.length === 1 && only && outcomes.length + progress.length === 0) {
      this.listener.onUnreadable(this, only);
    } else if (reports.length === 0 && progress.length === 0) {
      this.listener.onOutcomesDropped(outcomes.length);
    } else {
      if (outcomes.length > 0) this.apart.push({ ...NOTHING, outcomes });
      for (const report of reports) this.apart.push({ ...NOTHING, reports: [report] });
    }
  }

  private note(error: MultiswarmError, { said: { reports, outcomes, progress } }: Message): void {
    this.environment.log[error.retryable ? 'debug' : 'error'](
      'a report was not acknowledged, it is repeated',
      {
        error,
        subject: this.subject,
        reports: reports.length,
        outcomes: outcomes.length,
        progress: progress.length,
      },
    );
  }
}

/** An acceptance beside the report of the same attempt says nothing that the report does not say, unless it says where. */
function untold({ outcomes, reports }: Said): DispatchOutcome[] {
  if (outcomes.length === 0 || reports.length === 0) return outcomes.map(({ outcome }) => outcome);
  const ended = new Map(reports.map(({ taskId, attempt }) => [taskId, attempt]));
  const isTold = ({ taskId, attempt, outcome, placement }: DispatchOutcome): boolean =>
    outcome === 'accepted' && placement === undefined && ended.get(taskId) === attempt;
  return outcomes.flatMap(({ outcome }) => (isTold(outcome) ? [] : [outcome]));
}
