import type { Bus, Listening } from '@multiswarm/bus';
import {
  ReportRequest,
  subjects,
  type AttemptDispatch,
  type DispatchRequest,
  type ReportReply,
} from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { SHARD, TRACEPARENT } from './peer';

/** Where a swarm reports to a replica, with answers as the test wants them. */
export class Desk {
  readonly requests: ReportRequest[] = [];
  /** What the next requests are answered with, in order; then everything is recorded and nothing is sent back. */
  readonly answers: ((request: ReportRequest) => ReportReply | Promise<ReportReply>)[] = [];
  readonly subject: string;
  private readonly listening: Listening;

  constructor(
    bus: Bus,
    replica: string,
    private readonly onRequest: (request: ReportRequest) => void = () => undefined,
  ) {
    this.subject = subjects.replicaReport(replica);
    this.listening = bus.respond(this.subject, { request: ReportRequest }, async (request) => {
      this.requests.push(request);
      this.onRequest(request);
      return (this.answers.shift() ?? recorded)(request);
    });
  }

  /** The request of this number, once it is there. */
  request(index: number): Promise<ReportRequest> {
    return eventually(() => this.requests[index], { describe: `report request ${index}` });
  }

  /** The request that brings the report of a task, once it is there. */
  reportOf(taskId: string): Promise<ReportRequest> {
    return eventually(
      () => this.requests.find(({ reports }) => reports.some((report) => report.taskId === taskId)),
      { describe: `a report of ${taskId}` },
    );
  }

  stop(): void {
    this.listening.stop();
  }
}

export function acks(
  { reports }: ReportRequest,
  status: ReportReply['acks'][number]['status'] = 'recorded',
): ReportReply['acks'] {
  return reports.map(({ taskId, attempt }) => ({ taskId, attempt, status }));
}

export function recorded(request: ReportRequest, next: DispatchRequest[] = []): ReportReply {
  return { v: 1, acks: acks(request), next };
}

/** A dispatch of attempts of one shard that names where to report. */
export function dispatchOf(
  swarmId: string,
  reportTo: string | undefined,
  attempts: (Partial<AttemptDispatch> & { taskId: string })[],
  { shard = SHARD, epoch = 1 }: { shard?: number; epoch?: number } = {},
): DispatchRequest {
  return {
    ...{ v: 1, shard, epoch },
    ...(reportTo === undefined ? {} : { reportTo }),
    attempts: attempts.map((attempt) => ({
      ...{ attempt: 1, shard, swarmId, type: 'echo', namespace: 'default', priority: 'normal' },
      ...{ input: {}, resources: {}, traceparent: TRACEPARENT },
      ...attempt,
    })),
  };
}
