import { connectBus, type Bus } from '@multiswarm/bus';
import {
  ControlReply,
  DispatchReply,
  Heartbeat,
  ReportRequest,
  subjects,
  type AttemptDispatch,
  type AttemptReport,
  type ControlRequest,
  type DispatchOutcome,
} from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';

export const SHARD = 3;
export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** The other side of a swarm's protocol: a coordinator that dispatches and an owner that takes reports, over a real server. */
export class Peer {
  readonly heartbeats: Heartbeat[] = [];
  readonly reports: AttemptReport[] = [];
  /** How many of the next report requests are left without an acknowledgement. */
  ignoreReports = 0;
  reportRequests = 0;

  private constructor(readonly bus: Bus) {}

  static async connect(servers: string): Promise<Peer> {
    const peer = new Peer(await connectBus({ servers, name: 'peer' }));
    peer.bus.subscribe(
      subjects.allHeartbeats(),
      { schema: Heartbeat },
      (beat) => void peer.heartbeats.push(beat),
    );
    peer.bus.respond(subjects.shardReport(SHARD), { request: ReportRequest }, async ({ reports }) => {
      peer.reportRequests += 1;
      if (peer.ignoreReports-- > 0) return { v: 1, acks: [] };
      peer.reports.push(...reports);
      return { v: 1, acks: reports.map(({ taskId, attempt }) => ({ taskId, attempt, status: 'recorded' })) };
    });
    await peer.bus.rttMs();
    return peer;
  }

  async dispatch(
    swarmId: string,
    attempt: Partial<AttemptDispatch> & { taskId: string },
    epoch = 1,
  ): Promise<DispatchOutcome> {
    const full: AttemptDispatch = {
      attempt: 1,
      shard: SHARD,
      swarmId,
      type: 'echo',
      namespace: 'default',
      priority: 'normal',
      input: {},
      resources: {},
      traceparent: TRACEPARENT,
      ...attempt,
    };
    const body = { v: 1, shard: SHARD, epoch, attempts: [full] };
    const { outcomes } = await this.bus.request(subjects.swarmTasks(swarmId), body, { reply: DispatchReply });
    return outcomes[0] as DispatchOutcome;
  }

  async cancel(swarmId: string, taskId: string, reason: string, attempt = 1): Promise<ControlReply> {
    const body = { v: 1, kind: 'cancel', attempts: [{ taskId, attempt, reason }] };
    return this.bus.request(subjects.swarmControl(swarmId), body, { reply: ControlReply });
  }

  /** What a coordinator or an operator tells a swarm. */
  async control(swarmId: string, control: DistributiveOmit<ControlRequest, 'v'>): Promise<ControlReply> {
    const body = { v: 1, ...control };
    return this.bus.request(subjects.swarmControl(swarmId), body, { reply: ControlReply });
  }

  /** The report of a task's attempt, once it is there. */
  report(taskId: string, attempt = 1): Promise<AttemptReport> {
    return eventually(
      () => this.reports.find((report) => report.taskId === taskId && report.attempt === attempt),
      {
        describe: `a report of ${taskId}, attempt ${attempt}`,
      },
    );
  }

  /** The last heartbeat of a swarm. */
  beatOf(swarmId: string): Heartbeat | undefined {
    return this.heartbeats.findLast((beat) => beat.swarmId === swarmId);
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}
