import type {
  AttemptDispatch,
  ControlRequest,
  DispatchOutcome,
  DispatchRequest,
  LbReport,
  PlaceItem,
  PlaceResult,
  ReportReply,
} from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { createLogger } from '@multiswarm/telemetry';
import { Coordinator } from '../../src/application/coordinator';
import type { Cordon, CordonStore, LossReport, Owners, Placer, Swarms } from '../../src/ports';
import { dispatchOf, placement } from './builders';

export const REGION = 'eu-west';
export const ATTEMPT_LEASE_MS = 10_000;

type Verdict = DispatchOutcome['outcome'] | { refused: string } | Error;

/** Swarms that say what the test wants, and write down what they are told. */
export class FakeSwarms implements Swarms {
  readonly requests: { swarmId: string; request: DispatchRequest }[] = [];
  readonly dismissed: string[] = [];
  readonly controls: { swarmId: string; control: ControlRequest }[] = [];
  answer: (swarmId: string, taskId: string) => Verdict | Promise<Verdict> = () => 'accepted';
  /** Swarms that do not answer controls. */
  readonly deaf = new Set<string>();

  async dispatch(swarmId: string, request: DispatchRequest): Promise<DispatchOutcome[]> {
    this.requests.push({ swarmId, request });
    const outcomes: DispatchOutcome[] = [];
    for (const { taskId, attempt } of request.attempts) {
      const verdict = await this.answer(swarmId, taskId);
      if (verdict instanceof Error) throw verdict;
      if (typeof verdict === 'string') outcomes.push({ taskId, attempt, outcome: verdict });
      else outcomes.push({ taskId, attempt, outcome: 'refused', reason: verdict.refused });
    }
    return outcomes;
  }

  async control(swarmId: string, control: ControlRequest): Promise<void> {
    this.controls.push({ swarmId, control });
    await Promise.resolve();
    if (this.deaf.has(swarmId)) throw new Error(`${swarmId} does not answer`);
  }

  dismiss(swarmId: string, instance: string, reason: string): void {
    this.dismissed.push(`${swarmId} ${instance}: ${reason}`);
  }

  get dispatched(): string[] {
    return this.requests.flatMap(({ swarmId, request }) =>
      request.attempts.map(({ taskId, attempt }) => `${swarmId} ${taskId}#${attempt}`),
    );
  }

  get controlled(): string[] {
    return this.controls.map(({ swarmId, control }) => `${swarmId} ${control.kind}`);
  }
}

export class FakeOwners implements Owners {
  readonly taken: { shard: number; losses: LossReport }[] = [];
  /** So many reports get no answer. */
  away = 0;
  status: (taskId: string) => ReportReply['acks'][number]['status'] | undefined = () => 'recorded';
  tried = 0;

  report(shard: number, losses: LossReport): Promise<ReportReply['acks']> {
    this.tried += 1;
    if (this.away-- > 0) return Promise.reject(new Error('no owner'));
    const acks = losses.reports.flatMap(({ taskId, attempt }) => {
      const status = this.status(taskId);
      return status === undefined ? [] : [{ taskId, attempt, status }];
    });
    const known = new Set(acks.filter(({ status }) => status !== 'moved').map(({ taskId }) => taskId));
    const reports = losses.reports.filter(({ taskId }) => known.has(taskId));
    if (reports.length > 0) this.taken.push({ shard, losses: { ...losses, reports } });
    return Promise.resolve(acks);
  }

  get lost(): string[] {
    return this.taken.flatMap(({ shard, losses }) =>
      losses.reports.map(({ taskId, attempt, outcome }) => `${shard} ${taskId}#${attempt} ${outcome}`),
    );
  }
}

/** Places on the first of `others` that is not to be avoided, unless the test says otherwise. */
export class FakePlacer implements Placer {
  readonly asked: { epoch: number; region: string | undefined; items: PlaceItem[] }[] = [];
  readonly reported: LbReport['outcomes'] = [];
  others: string[] = [];
  choose: (item: PlaceItem) => { swarmId: string; region?: string } | undefined = ({ avoid }) => {
    const swarmId = this.others.find((each) => !avoid?.includes(each));
    return swarmId === undefined ? undefined : { swarmId };
  };
  private reservations = 0;

  async place(epoch: number, items: PlaceItem[], region?: string): Promise<PlaceResult[]> {
    this.asked.push({ epoch, region, items });
    await Promise.resolve();
    return items.map((item) => {
      const chosen = this.choose(item);
      if (!chosen) return { key: item.key };
      const reservationId = `re${(this.reservations += 1)}`;
      return { key: item.key, placement: placement({ region: REGION, ...chosen, reservationId }) };
    });
  }

  report(outcomes: LbReport['outcomes']): void {
    this.reported.push(...outcomes);
  }

  get givenBack(): string[] {
    return this.reported.map(
      ({ reservationId, swarmId, outcome }) => `${reservationId} ${swarmId} ${outcome}`,
    );
  }
}

export class MemoryCordonStore implements CordonStore {
  readonly cordons = new Map<string, Cordon>();
  epoch = 1;
  fault: Error | undefined;

  load(): Promise<Cordon[]> {
    return this.fault ? Promise.reject(this.fault) : Promise.resolve([...this.cordons.values()]);
  }

  find(swarmId: string): Promise<{ region: string; cordon: Cordon } | undefined> {
    const cordon = this.cordons.get(swarmId);
    return Promise.resolve(cordon && { region: 'eu-west', cordon });
  }

  put(_region: string, epoch: number, cordon: Cordon): Promise<boolean> {
    return this.change(epoch, () => this.cordons.set(cordon.swarmId, cordon));
  }

  remove(_region: string, epoch: number, swarmIds: readonly string[]): Promise<boolean> {
    return this.change(epoch, () => swarmIds.forEach((swarmId) => this.cordons.delete(swarmId)));
  }

  private change(epoch: number, change: () => void): Promise<boolean> {
    if (this.fault) return Promise.reject(this.fault);
    if (epoch !== this.epoch) return Promise.resolve(false);
    change();
    return Promise.resolve(true);
  }
}

/** A coordinator among fakes, whose first moments are over. */
export class RegionBench {
  readonly swarms = new FakeSwarms();
  readonly owners = new FakeOwners();
  readonly placer = new FakePlacer();
  readonly clock = new ManualClock();
  readonly coordinator: Coordinator;
  lease = true;

  constructor(
    given: { maxSwarms?: number; epoch?: number; isNew?: boolean } = {},
    readonly cordons = new MemoryCordonStore(),
  ) {
    const { maxSwarms = 10, epoch = 1, isNew = false } = given;
    const logger = createLogger({ service: 'orchestrator', level: 'silent' });
    const { swarms, owners, placer, clock } = this;
    this.coordinator = new Coordinator(
      { region: REGION, epoch, shards: 4, maxSwarms, attemptLeaseMs: ATTEMPT_LEASE_MS },
      { ...{ swarms, owners, placer, cordons, clock, logger }, leaseHolds: () => this.lease },
    );
    if (!isNew) clock.advance(ATTEMPT_LEASE_MS);
  }

  /** What becomes of one attempt, sent for the first time unless the test says otherwise. */
  async send(
    taskId: string,
    attempt = 1,
    given: Partial<AttemptDispatch> = {},
  ): Promise<DispatchOutcome | undefined> {
    const [outcome] = await this.coordinator.dispatch(request(first(taskId, attempt, given)));
    return outcome;
  }
}

export function request(...attempts: AttemptDispatch[]): DispatchRequest {
  return { v: 1, shard: 0, epoch: 1, regionEpoch: 1, reportTo: 'reports.of.owner', attempts };
}

/** An attempt that its owner sends for the first time. */
export function first(taskId: string, attempt = 1, given: Partial<AttemptDispatch> = {}): AttemptDispatch {
  return dispatchOf(taskId, attempt, { requirements: { capabilities: ['gpu'], region: ['eu-*'] }, ...given });
}
