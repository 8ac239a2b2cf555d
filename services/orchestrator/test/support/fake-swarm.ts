import type { Bus, Listening } from '@multiswarm/bus';
import {
  ControlRequest,
  Dismissal,
  DispatchRequest,
  ReportReply,
  shardOf,
  subjects,
  type AttemptDispatch,
  type AttemptReport,
  type DispatchOutcome,
} from '@multiswarm/contracts';
import { z } from 'zod';
import { heartbeat } from './builders';

/** What an agent makes of an attempt; `undefined` goes on until the test reports or a cancellation comes. */
type CancelledAttempts = Extract<ControlRequest, { kind: 'cancel' }>['attempts'];

export type Agent = (attempt: AttemptDispatch) => Partial<AttemptReport> | undefined;

export const SHARDS = 4;
const MOST_SHARDS = 1_024;
const HEARTBEAT_MS = 100;
const REPORT_AGAIN_MS = 50;

/** The other side of the peer protocol: it heartbeats, admits, runs once per number, and reports until acknowledged. */
export class FakeSwarm {
  private static instances = 1;
  /** Attempts that an agent began, as `task#number`. */
  readonly ran: string[] = [];
  readonly dispatches: { attempt: AttemptDispatch; epoch: number }[] = [];
  readonly cancels: { taskId: string; attempt: number; reason: string }[] = [];
  readonly dismissals: string[] = [];
  readonly acks: ReportReply['acks'] = [];
  /** What comes before an agent: undefined takes the attempt. */
  admit: (attempt: AttemptDispatch) => 'refused' | undefined = () => undefined;
  /** It takes nothing before that. */
  answersAfter: Promise<unknown> | undefined;
  /** Its agents go on as if nobody had told them to stop. */
  ignoresCancels = false;
  private readonly held = new Map<string, AttemptDispatch>();
  /** Epoch ms. */
  private readonly began = new Map<string, number>();
  private readonly answers = new Map<string, DispatchOutcome>();
  private instance = FakeSwarm.instances++;
  private seq = 0;
  private listening: Listening[] = [];
  private timer: NodeJS.Timeout | undefined;
  private alive = false;

  constructor(
    private readonly bus: Bus,
    readonly id: string,
    readonly region: string,
    public agent: Agent,
  ) {}

  start(): this {
    this.alive = true;
    const { bus, id } = this;
    this.listening = [
      bus.respond(subjects.swarmTasks(id), { request: DispatchRequest }, async (request) => {
        await this.answersAfter;
        return { v: 1, outcomes: request.attempts.map((each) => this.take(each, request)) };
      }),
      bus.respond(subjects.swarmControl(id), { request: ControlRequest }, (control) =>
        this.cancel(control.kind === 'cancel' ? control.attempts : []),
      ),
      bus.subscribe(subjects.swarmDismissed(id), { schema: Dismissal }, ({ reason }) => {
        this.dismissals.push(reason);
      }),
      bus.subscribe(subjects.census(), { schema: z.unknown() }, () => this.beat()),
    ];
    this.timer = setInterval(() => this.beat(), HEARTBEAT_MS);
    this.beat();
    return this;
  }

  /** Dies without a word: what it held is forgotten. */
  crash(): void {
    this.alive = false;
    clearInterval(this.timer);
    this.listening.splice(0).forEach((each) => each.stop());
    this.held.clear();
    this.answers.clear();
  }

  /** As no swarm should: it lists the attempt no more, and says nothing of its end. */
  forget(taskId: string, attempt: number): void {
    this.held.delete(`${taskId}#${attempt}`);
  }

  /** Dies and is there again, under the same id, as another instance. */
  restart(): void {
    this.crash();
    this.instance = FakeSwarm.instances++;
    this.seq = 0;
    this.start();
  }

  holds(taskId: string): AttemptDispatch | undefined {
    return [...this.held.values()].find((each) => each.taskId === taskId);
  }

  get holding(): number {
    return this.held.size;
  }

  /** Ends an attempt that an agent left open, or says something about any other. */
  async report(
    taskId: string,
    attempt: number,
    given: Partial<AttemptReport> = {},
  ): Promise<ReportReply['acks']> {
    const at = Date.now();
    const report = {
      taskId,
      attempt,
      outcome: 'succeeded' as const,
      startedAt: this.began.get(`${taskId}#${attempt}`) ?? at,
      finishedAt: at,
      ...given,
    };
    const subject = subjects.shardReport(shardOf(taskId, MOST_SHARDS) ?? 0);
    const body = { v: 1, swarmId: this.id, reports: [report], outcomes: this.pickedFor(taskId, attempt) };
    while (this.alive) {
      try {
        const { acks } = await this.bus.request(subject, body, { reply: ReportReply, timeoutMs: 500 });
        this.acks.push(...acks);
        this.held.delete(`${taskId}#${attempt}`);
        return acks;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, REPORT_AGAIN_MS));
      }
    }
    return [];
  }

  private take(attempt: AttemptDispatch, { epoch, instance }: DispatchRequest): DispatchOutcome {
    const key = `${attempt.taskId}#${attempt.attempt}`;
    this.dispatches.push({ attempt, epoch });
    const before = this.answers.get(key);
    if (before) return before;
    const { taskId, attempt: number } = attempt;
    const misses = attempt.again ? 'not-received' : undefined;
    const unknown = instance !== undefined && instance !== this.process ? 'other-process' : misses;
    const outcome = unknown === undefined ? (this.admit(attempt) ?? 'accepted') : 'refused';
    const reason = unknown ?? (outcome === 'refused' ? 'no-free-slot' : undefined);
    const answer: DispatchOutcome = { taskId, attempt: number, outcome };
    if (reason !== undefined) answer.reason = reason;
    this.answers.set(key, answer);
    if (outcome === 'accepted') this.run(key, attempt);
    return answer;
  }

  /** Where a coordinator has picked this swarm, its owner hears of it with the report. */
  private pickedFor(taskId: string, attempt: number): DispatchOutcome[] {
    const placement = this.held.get(`${taskId}#${attempt}`)?.placement;
    return placement ? [{ taskId, attempt, outcome: 'accepted', placement }] : [];
  }

  private get process(): string {
    return `${this.id}-${this.instance}`;
  }

  private run(key: string, attempt: AttemptDispatch): void {
    this.held.set(key, attempt);
    this.began.set(key, Date.now());
    this.ran.push(key);
    const made = this.agent(attempt);
    if (made) setImmediate(() => void this.report(attempt.taskId, attempt.attempt, made));
  }

  private cancel(attempts: CancelledAttempts): Promise<unknown> {
    this.cancels.push(...attempts);
    for (const { taskId, attempt } of attempts)
      if (!this.ignoresCancels && this.held.has(`${taskId}#${attempt}`))
        void this.report(taskId, attempt, { outcome: 'cancelled' });
    return Promise.resolve({ v: 1, held: [] });
  }

  private beat(): void {
    if (!this.bus.connected || !this.alive) return;
    const body = heartbeat({
      swarmId: this.id,
      region: this.region,
      instance: this.process,
      seq: (this.seq += 1),
      sentAt: Date.now(),
      intervalMs: HEARTBEAT_MS,
      held: [...this.held.values()].map(({ taskId, attempt }) => ({ taskId, attempt })),
    });
    this.bus.publish(subjects.swarmHeartbeat(this.id), body);
  }
}
