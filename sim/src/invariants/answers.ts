import {
  type Accepted,
  type AttemptRef,
  type BatchReply,
  type DispatchRequest,
  type Heartbeat,
  type LbReport,
  type ReportReply,
  type ReportRequest,
} from '@multiswarm/contracts';
import type { SimProcess } from '../world/process';
import type { Wiretap } from '../world/sim-bus';
import { EpochBook } from './epoch-book';
import type { Findings } from './findings';
import type { Ledger } from './ledger';
import { SlotBook } from './slot-book';

type Check = (body: unknown, process: SimProcess) => void;
type ReplyCheck = (reply: unknown, request: unknown, process: SimProcess) => void;

/** What leaves a process rests on what is committed: answers to clients and swarms, and attempts that are sent out (7, 2). */
export class Answers implements Wiretap {
  /** What each process of a swarm said last that it holds. */
  readonly held = new Map<SimProcess, AttemptRef[]>();
  private readonly onSent: readonly (readonly [RegExp, Check])[] = [
    [/\.swarm\.[^.]+\.heartbeat$/, (body, process) => void this.held.set(process, (body as Heartbeat).held)],
    [/\.lb\.report$/, (body) => this.slots.reported(body as LbReport)],
    [/\.(region\.[^.]+\.dispatch|swarm\.[^.]+\.tasks)$/, (body) => this.dispatched(body as DispatchRequest)],
  ];
  private readonly onReplied: readonly (readonly [RegExp, ReplyCheck])[] = [
    [/\.task\.submit$/, (reply) => this.accepted((reply as Accepted).id)],
    [/\.workflow\.submit$/, (reply) => this.accepted((reply as Accepted).id)],
    [
      /\.task\.submit-batch$/,
      (reply) => (reply as BatchReply).results.forEach((each) => 'id' in each && this.accepted(each.id)),
    ],
    [
      /\.report$/,
      (reply, request, process) => {
        this.reported(reply as ReportReply, request as ReportRequest);
        this.repeated(reply as ReportReply, request as ReportRequest, process);
      },
    ],
  ];
  private readonly sentBySubject = new Map<string, Check | undefined>();
  private readonly repliedBySubject = new Map<string, ReplyCheck | undefined>();

  readonly slots: SlotBook;
  private readonly epochs: EpochBook;
  private readonly lastReports = new WeakMap<SimProcess, Map<string, { id: string; text: string }>>();

  constructor(
    private readonly findings: Findings,
    private readonly ledger: Ledger,
    epochOf: (region: string) => number,
  ) {
    this.epochs = new EpochBook(findings, epochOf);
    this.slots = new SlotBook(findings, ledger);
  }

  sent(process: SimProcess, subject: string, body: unknown): void {
    this.epochs.sent(process, subject, body);
    find(this.onSent, this.sentBySubject, subject)?.(body, process);
  }

  received(process: SimProcess, subject: string, request: unknown): void {
    this.epochs.received(process, subject, request);
  }

  replied(process: SimProcess, subject: string, request: unknown, reply: unknown): void {
    if (reply instanceof Error) return;
    this.epochs.replied(process, subject, request, reply);
    find(this.onReplied, this.repliedBySubject, subject)?.(reply, request, process);
  }

  private accepted(id: string): void {
    const there = id.startsWith('w') ? this.ledger.runs.has(id) : this.ledger.tasks.has(id);
    this.findings.holds(7, there, () => `${id} was acknowledged before it was committed`);
  }

  private dispatched({ attempts }: DispatchRequest): void {
    for (const { taskId, attempt } of attempts) {
      const record = this.ledger.tasks.get(taskId);
      this.findings.holds(7, record !== undefined && record.attempt >= attempt, () => {
        return `${taskId}#${attempt} was dispatched, ${record?.attempt ?? 'nothing'} is committed`;
      });
    }
  }

  private reported({ acks, next }: ReportReply, { reports }: ReportRequest): void {
    for (const { taskId, attempt, status } of acks) {
      if (status !== 'recorded') continue;
      const record = this.ledger.tasks.get(taskId);
      const report = reports.find((each) => each.taskId === taskId && each.attempt === attempt);
      const open = record?.attempt === attempt && record.attempts.at(-1)?.outcome === undefined;
      this.findings.holds(7, record !== undefined && !open, () => {
        return `the report of ${taskId}#${attempt} (${report?.outcome}) was acknowledged, and the attempt is still current`;
      });
    }
    for (const each of next) this.dispatched(each);
  }

  /** A report that is repeated under its id gets the answer that it got before: attempts that it brought are not lost. */
  private repeated(reply: ReportReply, { id, swarmId, instance }: ReportRequest, process: SimProcess): void {
    if (id === undefined) return;
    const last = this.lastReports.get(process) ?? new Map<string, { id: string; text: string }>();
    this.lastReports.set(process, last);
    const sender = `${swarmId} ${instance ?? ''}`;
    const before = last.get(sender);
    const text = JSON.stringify(reply);
    this.findings.holds(7, before?.id !== id || before.text === text, () => {
      return `${process.name} answered report ${id} of ${sender} first with ${before?.text}, then with ${text}`;
    });
    last.set(sender, { id, text });
  }
}

function find<T>(
  rows: readonly (readonly [RegExp, T])[],
  known: Map<string, T | undefined>,
  subject: string,
): T | undefined {
  if (known.has(subject)) return known.get(subject);
  const found = rows.find(([pattern]) => pattern.test(subject))?.[1];
  known.set(subject, found);
  return found;
}
