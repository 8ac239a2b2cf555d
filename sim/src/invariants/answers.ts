import {
  type Accepted,
  type AttemptRef,
  type BatchReply,
  type DispatchRequest,
  type Heartbeat,
  type ReportReply,
  type ReportRequest,
} from '@multiswarm/contracts';
import type { SimProcess } from '../world/process';
import type { Wiretap } from '../world/sim-bus';
import type { Findings } from './findings';
import type { Ledger } from './ledger';

type Check = (body: unknown, process: SimProcess) => void;
type ReplyCheck = (reply: unknown, request: unknown, process: SimProcess) => void;

/** What leaves a process rests on what is committed: answers to clients and swarms, and attempts that are sent out (7, 2). */
export class Answers implements Wiretap {
  /** What each process of a swarm said last that it holds. */
  readonly held = new Map<SimProcess, AttemptRef[]>();
  private readonly onSent: readonly (readonly [RegExp, Check])[] = [
    [/\.swarm\.[^.]+\.heartbeat$/, (body, process) => void this.held.set(process, (body as Heartbeat).held)],
    [/\.(region\.[^.]+\.dispatch|swarm\.[^.]+\.tasks)$/, (body) => this.dispatched(body as DispatchRequest)],
  ];
  private readonly onReplied: readonly (readonly [RegExp, ReplyCheck])[] = [
    [/\.task\.submit$/, (reply) => this.accepted((reply as Accepted).id)],
    [/\.workflow\.submit$/, (reply) => this.accepted((reply as Accepted).id)],
    [
      /\.task\.submit-batch$/,
      (reply) => (reply as BatchReply).results.forEach((each) => 'id' in each && this.accepted(each.id)),
    ],
    [/\.report$/, (reply, request) => this.reported(reply as ReportReply, request as ReportRequest)],
  ];
  private readonly sentBySubject = new Map<string, Check | undefined>();
  private readonly repliedBySubject = new Map<string, ReplyCheck | undefined>();

  constructor(
    private readonly findings: Findings,
    private readonly ledger: Ledger,
  ) {}

  sent(process: SimProcess, subject: string, body: unknown): void {
    find(this.onSent, this.sentBySubject, subject)?.(body, process);
  }

  replied(process: SimProcess, subject: string, request: unknown, reply: unknown): void {
    if (reply instanceof Error) return;
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
