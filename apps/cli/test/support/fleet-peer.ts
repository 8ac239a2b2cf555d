import { connectBus, type Bus } from '@multiswarm/bus';
import {
  ControlReply,
  DispatchReply,
  Heartbeat,
  ReportRequest,
  subjects,
  type AttemptDispatch,
  type AttemptReport,
  type DispatchOutcome,
  type JsonValue,
} from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';

const SHARD = 0;
export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

/** Stands where the orchestrator stands for a swarm: sends attempts, takes reports, over a real server. */
export class FleetPeer {
  readonly beats: Heartbeat[] = [];
  readonly reports: AttemptReport[] = [];

  private constructor(private readonly bus: Bus) {}

  static async connect(servers: string): Promise<FleetPeer> {
    const peer = new FleetPeer(await connectBus({ servers, name: 'fleet-peer' }));
    peer.bus.subscribe(subjects.allHeartbeats(), { schema: Heartbeat }, (beat) => void peer.beats.push(beat));
    peer.bus.respond(subjects.shardReport(SHARD), { request: ReportRequest }, ({ reports }) => {
      peer.reports.push(...reports);
      const acks = reports.map(({ taskId, attempt }) => ({ taskId, attempt, status: 'recorded' }));
      return Promise.resolve({ v: 1, acks });
    });
    await peer.bus.rttMs();
    return peer;
  }

  async run(
    swarmId: string,
    taskId: string,
    input: JsonValue,
    more: Partial<AttemptDispatch> = {},
  ): Promise<DispatchOutcome> {
    const attempt: AttemptDispatch = {
      taskId,
      attempt: 1,
      shard: SHARD,
      swarmId,
      type: 'work',
      namespace: 'default',
      priority: 'normal',
      input,
      resources: {},
      traceparent: TRACEPARENT,
      ...more,
    };
    const body = { v: 1, shard: SHARD, epoch: 1, attempts: [attempt] };
    const { outcomes } = await this.bus.request(subjects.swarmTasks(swarmId), body, { reply: DispatchReply });
    const [outcome] = outcomes;
    if (!outcome) throw new Error('no outcome');
    return outcome;
  }

  async cancel(swarmId: string, taskId: string): Promise<void> {
    const body = { v: 1, kind: 'cancel', attempts: [{ taskId, attempt: 1, reason: 'enough' }] };
    await this.bus.request(subjects.swarmControl(swarmId), body, { reply: ControlReply });
  }

  report(taskId: string): Promise<AttemptReport> {
    return eventually(() => this.reports.find((report) => report.taskId === taskId), {
      timeoutMs: 10_000,
      describe: `a report of ${taskId}`,
    });
  }

  beat(swarmId: string): Promise<Heartbeat> {
    return eventually(() => this.beats.findLast((beat) => beat.swarmId === swarmId), {
      timeoutMs: 15_000,
      describe: `a heartbeat of ${swarmId}`,
    });
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}
