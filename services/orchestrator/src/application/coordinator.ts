import {
  MultiswarmError,
  type AttemptRef,
  type ControlRequest,
  type DispatchOutcome,
  type DispatchRequest,
  type Heartbeat,
  type RegionSummary,
} from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { Membership, type MembershipChange } from '../domain/fleet/membership';
import { attemptKey, OnTheWay } from '../domain/fleet/on-the-way';
import type { CordonStore, Owners, Placer, Swarms } from '../ports';
import { Cordons } from './coordinator-cordons';
import { RegionDispatcher } from './coordinator-dispatch';
import { LossReports } from './coordinator-losses';
import { Arrivals } from './coordinator-arrivals';

export interface CoordinatorOptions {
  region: string;
  epoch: number;
  shards: number;
  maxSwarms: number;
  attemptLeaseMs: number;
}

export interface CoordinatorParts {
  swarms: Swarms;
  owners: Owners;
  placer: Placer;
  cordons: CordonStore;
  clock: Clock;
  logger: Logger;
  /** Whether the lease of the region still holds, by the monotonic clock. */
  leaseHolds: () => boolean;
}

const FORGET_DOWN_MS = 10 * 60_000;
/** After taking over: how long a swarm that was not heard yet is waited for, which was asked for a heartbeat. */
const ARRIVAL_MS = 1_000;

/**
 * One region: who belongs to it, what is sent to whom, and what got lost with a swarm.
 *
 * C1. A dispatch of an older epoch of a shard than was seen is refused.
 * C2. A swarm that restarts or falls silent loses what it held and what was on its way to it: each attempt is reported
 *     lost to its owner, until the owner has acknowledged it.
 * C3. A swarm over the region's limit, or an older process under the id of a newer one, is not a member: it is told so,
 *     and gets no work.
 * C4. Until a full attempt lease has passed since it took over, a coordinator takes no silence for a loss: it does not know
 *     how much of it is its own. The new process of a swarm of which it has heard the old one loses what that held at once.
 * C5. Without a lease of the region that holds nothing is sent and nothing is lost.
 * C6. A swarm that an operator has cordoned or drained gets nothing new, also before it has heard of it.
 */
export class Coordinator {
  private readonly membership: Membership;
  private readonly onTheWay = new OnTheWay();
  private readonly arrivals: Arrivals;
  private readonly epochs = new Map<number, number>();
  private readonly losses: LossReports;
  private readonly cordons: Cordons;
  private readonly dispatcher: RegionDispatcher;
  private readonly mayLoseFrom: number;

  constructor(
    private readonly options: CoordinatorOptions,
    private readonly parts: CoordinatorParts,
  ) {
    const { region, epoch, maxSwarms, attemptLeaseMs } = options;
    const { clock } = parts;
    this.membership = new Membership(() => this.whyNoRoom());
    this.arrivals = new Arrivals(clock, ARRIVAL_MS);
    this.mayLoseFrom = clock.monotonic() + attemptLeaseMs;
    this.losses = new LossReports(options, parts);
    this.cordons = new Cordons(
      { region, epoch, most: maxSwarms },
      {
        ...{ ...parts, store: parts.cordons },
        isThere: (swarmId) => this.membership.has(swarmId),
        seen: (swarmId) => this.membership.swarm(swarmId, clock.now() - clock.monotonic()),
      },
    );
    this.dispatcher = new RegionDispatcher(
      { region, epoch, repeatedMs: attemptLeaseMs },
      {
        ...parts,
        onTheWay: this.onTheWay,
        member: (swarmId) => this.membership.last(swarmId),
        isCordoned: (swarmId) => this.cordons.blocks(swarmId),
        active: () => this.membership.heldCount() + this.onTheWay.refs().length,
      },
    );
    this.loadCordons();
  }

  observe(heartbeat: Heartbeat): void {
    const { logger, swarms } = this.parts;
    const { swarmId, slots } = heartbeat;
    const { region } = this.options;
    const change = this.membership.observe(heartbeat, this.parts.clock.monotonic());
    if ('refused' in change) {
      logger.warn('swarm not admitted', { swarmId, reason: change.refused });
      swarms.dismiss(swarmId, heartbeat.instance, change.refused); // C3
      return;
    }
    if (change.ignored) return;
    if (change.joined !== undefined) logger.info('swarm joined', { swarmId, region, slots });
    this.lose(swarmId, this.onTheWay.heard(heartbeat), 'the swarm was restarted');
    this.follow(change);
    this.cordons.heard(heartbeat);
    this.arrivals.heard(swarmId);
  }

  /** We could not have heard them: every swarm's silence begins anew. */
  forgiveSilence(): void {
    this.membership.forgiveSilence(this.parts.clock.monotonic());
  }

  tick(): void {
    const now = this.parts.clock.monotonic();
    for (const change of this.membership.tick(now, now >= this.mayLoseFrom)) this.follow(change); // C4
    const isCrowded = this.membership.size > this.options.maxSwarms * 2;
    this.membership.forget(now, isCrowded ? 0 : FORGET_DOWN_MS);
    this.dispatcher.tick();
    this.loadCordons();
  }

  /** @throws MultiswarmError retryable, when another coordinator or owner has taken over */
  async dispatch(request: DispatchRequest): Promise<DispatchOutcome[]> {
    this.checkEpoch(request);
    const missing = request.attempts
      .map(({ swarmId }) => swarmId)
      .filter((swarmId) => !this.membership.has(swarmId));
    if (missing.length > 0) await this.arrivals.of(missing);
    this.checkEpoch(request);
    this.checkLease();
    return this.dispatcher.dispatch(request);
  }

  /** @throws MultiswarmError `swarm-not-found`, or a retryable one when the swarm or the store does not answer */
  async control(swarmId: string, control: ControlRequest): Promise<void> {
    this.checkLease();
    switch (control.kind) {
      case 'cancel':
        return this.tell(swarmId, control.attempts, (attempts) => ({ ...control, attempts }));
      case 'signal':
        return this.tell(swarmId, control.signals, (signals) => ({ ...control, signals }));
      case 'cordon':
      case 'drain':
      case 'uncordon':
        await this.cordons.load();
        if (!this.membership.has(swarmId)) await this.arrivals.of([swarmId]);
        if (!this.membership.remembers(swarmId) && !this.cordons.isWanted(swarmId))
          throw new MultiswarmError('swarm-not-found', `no swarm "${swarmId}" in ${this.options.region}`);
        return this.cordons.want(swarmId, control.kind, control.reason);
    }
  }

  /** Nobody is here, was here not long ago, or is sent anything. */
  get isDeserted(): boolean {
    return this.membership.size === 0 && this.onTheWay.refs().length === 0;
  }

  summary(): RegionSummary {
    const { region, epoch } = this.options;
    const held = new Map(
      [...this.membership.held(), ...this.onTheWay.refs()].map((ref) => [attemptKey(ref), ref]),
    );
    return { v: 1, region, epoch, swarms: this.membership.count(), held: [...held.values()] };
  }

  stop(): void {
    this.losses.stop();
    this.arrivals.stop();
  }

  /** An attempt may be with another swarm than its owner knows of yet. */
  private async tell<T extends { taskId: string; attempt: number }>(
    swarmId: string,
    items: readonly T[],
    toControl: (items: T[]) => ControlRequest,
  ): Promise<void> {
    const bySwarm = new Map<string, T[]>();
    for (const item of items) {
      const at = this.dispatcher.whereIs(item) ?? this.membership.holderOf(item, swarmId) ?? swarmId;
      bySwarm.set(at, [...(bySwarm.get(at) ?? []), item]);
    }
    await Promise.all([...bySwarm].map(([at, theirs]) => this.parts.swarms.control(at, toControl(theirs))));
  }

  private follow(change: MembershipChange): void {
    const { left } = change;
    if (left !== undefined) {
      this.parts.logger.info('swarm left', { swarmId: left, region: this.options.region });
      this.lose(left, this.onTheWay.left(left), 'the swarm left');
    }
    for (const { swarmId, attempts, reason } of change.lost) this.lose(swarmId, attempts, reason);
  }

  /** C2. */
  private lose(swarmId: string, attempts: readonly AttemptRef[], reason: string): void {
    this.dispatcher.lost(swarmId, attempts, reason);
    this.losses.add(swarmId, attempts, reason);
  }

  /** C1. */
  private checkEpoch({ shard, epoch }: DispatchRequest): void {
    const { shards } = this.options;
    if (shard >= shards)
      throw new MultiswarmError(
        'invalid-request',
        `there is no shard ${shard}: there are ${shards} (SHARDS)`,
      );
    if (epoch < (this.epochs.get(shard) ?? 0))
      throw new MultiswarmError('stale-epoch', `shard ${shard} has a newer owner than epoch ${epoch}`);
    this.epochs.set(shard, epoch);
  }

  /** C5. */
  private checkLease(): void {
    if (this.parts.leaseHolds()) return;
    throw new MultiswarmError(
      'stale-epoch',
      `region ${this.options.region} has no coordinator for the moment`,
    );
  }

  private whyNoRoom(): string | undefined {
    const { region, maxSwarms } = this.options;
    if (this.membership.count() < maxSwarms) return undefined;
    return `region ${region} has its ${maxSwarms} swarms (MAX_SWARMS_PER_REGION): stop one or raise the limit`;
  }

  private loadCordons(): void {
    void this.cordons.load().catch((error: unknown) => {
      this.parts.logger.warn('cordons of the region are not known yet', {
        region: this.options.region,
        error,
      });
    });
  }
}
