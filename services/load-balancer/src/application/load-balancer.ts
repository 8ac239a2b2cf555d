import {
  LIMITS,
  MultiswarmError,
  isToken,
  taskId,
  type Capacity,
  type CapacityEvent,
  type PolicyTable,
  type Endpoint,
  type EndpointPage,
  type ExternalEndpoint,
  type Heartbeat,
  type LbReport,
  type LbReserved,
  type RenewedReservation,
  type ListEndpointsQuery,
  type PlaceItem,
  type PlaceReply,
  type PlaceRequest,
  type RouteRequest,
  type RoutingMetrics,
  type SimulateRequest,
  type Simulation,
  type SlotCensusReply,
  type SlotCensusRequest,
} from '@multiswarm/contracts';
import { Recent, seededRandom, type Clock, type Ids, type Random } from '@multiswarm/core';
import type { Logger, Metrics } from '@multiswarm/telemetry';
import { capacityFor } from '../domain/capacity';
import { endpointOf, isExternal, pageOf, silentEndpoint } from '../domain/endpoint-views';
import { isPlaced, renderResult, type Outcome as Decided } from '../domain/engine/decision';
import { takesNoWork } from '../domain/engine/idle';
import { Placer } from '../domain/engine/placer';
import { Fleet, type CapacityReason, type Outcome, type StateChange } from '../domain/fleet';
import type { HealthBook } from '../domain/health/health-book';
import type { Learner } from '../domain/learning/learner';
import { observationOf } from '../domain/learning/observation';
import type { Distances } from '../domain/locality/distances';
import type { WantedPlace } from '../domain/member';
import type { Moment } from '../domain/moment';
import { Aids, POLICIES } from '../domain/policies';
import { ANY_TYPE } from '../domain/requirement-rules';
import { heardOf, slotCensus } from '../domain/slot-census';
import { fromVector, NO_RESOURCES, toVector } from '../domain/resource-vector';
import type { SwarmSeen } from '../domain/swarm-seen';
import type { Announcer, CustomPolicy } from '../ports';
import { CapacityNews } from './capacity-news';
import { CustomPlacing } from './custom-placing';
import { Decisions } from './decisions';
import { noPlacement } from './no-placement';
import { Placing } from './placing';
import { Replays } from './replays';
import { Routed } from './routed';
import { RoutingMetering } from './routing-metering';
import { allPolicies, simulate } from './simulating';
import { notRegistered } from './external-endpoints';
import type { NamespaceRoutings } from './namespace-routings';

/** Items of one request to place. */
const PLACE_ITEMS = 512;
/** Of the chance in what is tried out: it must take nothing from that of placements. */
const SIMULATION_SEED = 1;
/** The type that a route request has when it names none. */
const ROUTE_DEFAULT_TYPE = 'route';

export interface LoadBalancerParts {
  clock: Clock;
  ids: Ids;
  logger: Logger;
  metrics: Metrics;
  announcer: Announcer;
  random: Random;
  /** Of whoever names no other: one of this build, or `custom:name`. */
  policy: string;
  reservationHoldMs: number;
  /** Without it, all swarms are taken to be well. */
  health?: HealthBook;
  /** Without it, nothing is learned. */
  learner?: Learner;
  decisionsKept: number;
  replaysKept: number;
  /** Longer response times count as slow in the metrics. */
  responseTimeThresholdMs: number;
  /** How far regions are from each other; assumed, unless given. */
  distances?: Distances;
  customPolicies?: readonly CustomPolicy[];
  /** What namespaces say of how their tasks are placed. */
  routings: Pick<NamespaceRoutings, 'get' | 'all'>;
  /** What is registered under an id. */
  registered: (swarmId: string) => ExternalEndpoint | undefined;
}

/** The use cases of the load-balancer, around the fleet as this replica sees it. */
export class LoadBalancer {
  private readonly fleet: Fleet;
  private readonly placer: Placer;
  /** By region where a coordinator places; the scheduler has none. Of regions that are silent while many others place, it is forgotten. */
  private readonly newestEpochs = new Recent<string, number>(LIMITS.REGIONS_IN_VIEW);
  private newestSchedulerEpoch = 0;
  private readonly news: CapacityNews;
  private saidFull = false;
  /** Requests that were routed or tried out: what each is known by. */
  private asked = 0;
  /** The wall clock where the monotonic one was 0. */
  private readonly startedAtMs: number;
  /** Its name, with which the ids of what it reserves begin. */
  readonly replica: string;
  readonly decisions: Decisions;
  readonly replays: Replays;
  private readonly placing: Placing;
  private readonly metering: RoutingMetering;
  private readonly custom: CustomPlacing;
  /** Of what is tried out only: it has its own place to write ranks, and chance of its own. */
  private readonly simulator: Placer;

  constructor(private readonly parts: LoadBalancerParts) {
    const replica = parts.ids.next();
    this.replica = replica;
    this.startedAtMs = parts.clock.now() - parts.clock.monotonic();
    this.fleet = new Fleet({
      ...{ replica, holdMs: parts.reservationHoldMs },
      ...(parts.health === undefined ? {} : { health: parts.health }),
      ...(parts.distances === undefined ? {} : { distances: parts.distances }),
    });
    this.placer = new Placer(this.fleet, new Aids(parts.random, parts.learner));
    this.simulator = new Placer(this.fleet, new Aids(seededRandom(SIMULATION_SEED), parts.learner));
    this.decisions = new Decisions(replica, parts.decisionsKept);
    const seen = { learner: parts.learner, swarmAt: (row: number) => this.fleet.at(row) };
    this.metering = new RoutingMetering(this.decisions, parts.responseTimeThresholdMs, this.now());
    this.replays = new Replays(parts.replaysKept, this.decisions, seen, parts.clock);
    const { clock, logger, metrics, customPolicies: policies = [] } = parts;
    const placing = { fleet: this.fleet, placer: this.placer, learner: parts.learner, fallback: POLICIES[0] };
    this.custom = new CustomPlacing({ ...placing, policies, clock, logger, metrics });
    const { placer, custom, decisions, replays } = this;
    const { policy, routings } = parts;
    const kept = { decisions, replays, policy, routings };
    this.placing = new Placing({ placer, custom, clock, logger, metrics, ...kept });
    this.news = new CapacityNews(parts.clock, (swarm, reason) => this.announceCapacity(swarm, reason));
  }

  heartbeat(heartbeat: Heartbeat): void {
    const { swarmId, region, slots } = heartbeat;
    const { logger } = this.parts;
    const seen = this.fleet.heartbeat(heartbeat, this.now());
    switch (seen.kind) {
      case 'ignored':
        if (seen.why === 'fleet-full' && !this.saidFull) {
          this.saidFull = true;
          logger.warn('no more swarms fit into view: new ones are ignored', {
            known: this.fleet.size,
            swarmId,
          });
        }
        return;
      case 'removed':
        logger.info('swarm stopped', { swarmId, region });
        return;
      case 'seen':
        if (seen.capacity === undefined) return;
        if (seen.capacity === 'joined') {
          const external = isExternal(seen.swarm);
          logger.info(external ? 'endpoint joined' : 'swarm joined', { swarmId, region, slots });
          if (!external && this.parts.registered(swarmId) !== undefined)
            logger.warn(
              'a swarm heartbeats with the id of an external endpoint, which gets nothing any more',
              {
                swarmId,
              },
            );
        }
        this.news.add(seen.swarm, seen.capacity);
    }
  }

  /** Throws `stale-epoch` for a scheduler, or a coordinator, that another one has replaced. */
  place({ epoch, region, items }: PlaceRequest): PlaceReply | Promise<PlaceReply> {
    const newest = region === undefined ? this.newestSchedulerEpoch : (this.newestEpochs.get(region) ?? 0);
    if (epoch < newest) {
      const who = region === undefined ? 'a scheduler' : `a coordinator of ${region}`;
      throw new MultiswarmError(
        'stale-epoch',
        `${who} with epoch ${newest} has taken over from epoch ${epoch}`,
      );
    }
    if (items.length > PLACE_ITEMS) {
      const message = `one request may place ${PLACE_ITEMS} items at most, this one has ${items.length}`;
      throw new MultiswarmError('invalid-request', message, {
        findings: [{ pointer: '/items', code: 'too-big', message }],
      });
    }
    if (region === undefined) this.newestSchedulerEpoch = epoch;
    else this.newestEpochs.set(region, epoch);
    const placed = this.placing.place(items);
    return placed instanceof Promise ? placed.then(replyOf) : replyOf(placed);
  }

  /** Places one request of anyone: at once, unless a user's own policy is asked. Throws `no-placement` with a finding for each reason. */
  route(request: RouteRequest, traceparent?: string): Routed | Promise<Routed> {
    const placed = this.placing.place([this.itemOf(request, traceparent)]);
    return placed instanceof Promise ? placed.then((outcomes) => this.routed(outcomes)) : this.routed(placed);
  }

  private routed([outcome]: readonly Decided[]): Routed {
    if (outcome === undefined || !isPlaced(outcome)) throw noPlacement(outcome?.waiting);
    const chosen = this.fleet.get(outcome.chosen.swarmId);
    if (chosen === undefined || !isExternal(chosen)) return new Routed(outcome);
    this.tellReserved(outcome.reservationId);
    return new Routed(outcome, this.parts.registered(chosen.swarmId)?.address);
  }

  /** What each policy would decide for a request now. */
  simulate({ policies, ...request }: SimulateRequest): Promise<Simulation> {
    const item = this.itemOf(request);
    const tried = policies ?? allPolicies(this.parts.customPolicies ?? []);
    return simulate(
      { item, policies: tried, used: this.placing.policyNameOf(item) },
      { placer: this.simulator, custom: this.custom, now: () => this.now() },
    );
  }

  private itemOf(request: RouteRequest, traceparent?: string): WantedPlace {
    const { routing, estimateMs, dueInMs } = request;
    return {
      kind: request.kind ?? 'any',
      key: `route-${this.replica}-${(this.asked += 1)}`,
      classKey: '',
      attempt: 1,
      namespace: request.namespace,
      type: request.type === ROUTE_DEFAULT_TYPE ? ANY_TYPE : request.type,
      requirements: request.requirements,
      // Whoever asks for a route stands in no line: it has waited for its region as long as it may.
      ...(routing === undefined ? {} : { routing, waitedMs: routing.localityWaitMs ?? 0 }),
      ...(estimateMs === undefined ? {} : { estimateMs }),
      ...(dueInMs === undefined ? {} : { dueInMs }),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
  }

  /** What the fleet has for a class of tasks, now. */
  capacity(asked: Pick<PlaceItem, 'type' | 'requirements'>): Capacity {
    return capacityFor(
      [...this.fleet.swarms()].filter((seen) => !isExternal(seen)),
      asked,
      this.now(),
    );
  }

  /** Which attempts of a shard it counts, and which swarms it hears. */
  census({ shard, after, swarms }: SlotCensusRequest): SlotCensusReply {
    const { attempts, next } = slotCensus(this.fleet.swarms(), taskId(shard, ''), after);
    return { v: 1, attempts, next, heard: heardOf(swarms, (id) => this.fleet.get(id), this.now()) };
  }

  report({ outcomes }: LbReport): void {
    const now = this.now();
    for (const outcome of outcomes) {
      this.learn(outcome, now);
      this.metering.ended(outcome, now);
      for (const swarm of this.fleet.report(outcome, now)) this.news.add(swarm, 'freed');
    }
  }

  /** Hands an outcome to all replicas: each of them counts the attempt as running until it hears of its end. */
  shareReport(report: LbReport): void {
    this.parts.announcer.report(report);
  }

  /** Ends what has expired. To be called a few times a second. */
  sweep(): void {
    const now = this.now();
    const { freed, changes } = this.fleet.sweep(now);
    for (const swarm of freed) this.news.add(swarm, 'freed');
    for (const change of changes) this.logChange(change);
    this.parts.learner?.advance(this.learningMs(now));
  }

  /** Gives back what this replica has reserved under these ids. */
  release(reservationIds: readonly string[]): void {
    for (const id of reservationIds) {
      const seen = this.fleet.release(id);
      if (seen !== undefined) this.news.add(seen, 'freed');
    }
  }

  /** Another replica has reserved a slot of an external endpoint, or renewed that. */
  reserved({ replica, reservationId, swarmId, attempt, resources }: LbReserved): void {
    if (replica === this.replica) return;
    const vector = resources === undefined ? NO_RESOURCES : toVector(resources);
    this.fleet.reservedElsewhere(
      { swarmId, attemptKey: attempt, resources: vector, reservationId },
      this.now(),
    );
  }

  /** Holds what is reserved under an id for RESERVATION_HOLD_MS from now on. Throws `reservation-not-found`. */
  async renew(reservationId: string): Promise<RenewedReservation> {
    const maker = reservationId.slice(0, Math.max(0, reservationId.lastIndexOf('-')));
    if (this.fleet.reservation(reservationId) !== undefined || maker === this.replica || !isToken(maker))
      return this.renewOwn(reservationId);
    return (await this.parts.announcer.renewAt(maker, reservationId)) ?? this.renewOwn(reservationId);
  }

  /** The same of what this replica knows of. */
  renewOwn(reservationId: string): RenewedReservation {
    if (this.fleet.renew(reservationId, this.now()) === undefined)
      throw new MultiswarmError(
        'reservation-not-found',
        `nothing is reserved as "${reservationId}", or not any more: it was reported, given back, or has expired`,
      );
    this.tellReserved(reservationId);
    return { reservationId, holdMs: this.parts.reservationHoldMs };
  }

  /** Gives them back wherever they are held: the reservation is of one replica, and the request may come to any. */
  shareRelease(reservationIds: readonly string[]): void {
    this.parts.announcer.release(reservationIds);
  }

  /** Swarms and external endpoints in view, by region and id. */
  endpoints(query: ListEndpointsQuery): EndpointPage {
    return pageOf(this.fleet.swarms(), query, this.parts.registered, this.now());
  }

  /** Throws `endpoint-not-found`. */
  endpoint(swarmId: string): Endpoint {
    const seen = this.fleet.get(swarmId);
    if (seen !== undefined) return endpointOf(seen, this.parts.registered, this.now());
    const silent = this.parts.registered(swarmId);
    if (silent === undefined) throw notRegistered(swarmId);
    return silentEndpoint(silent);
  }

  /** The last minute of routing. */
  routingMetrics(): RoutingMetrics {
    return this.metering.metrics(this.fleet.swarms(), this.now());
  }

  isSwarm(swarmId: string): boolean {
    const seen = this.fleet.get(swarmId);
    return seen !== undefined && !isExternal(seen);
  }

  /** Those of this build, those of users, and who has chosen which. */
  policies(): PolicyTable {
    const { policy, customPolicies = [], routings } = this.parts;
    const items = POLICIES.map(({ name, summary }) => ({ name, summary }));
    return {
      active: policy,
      available: items.map(({ name }) => name),
      items,
      custom: customPolicies.map(({ status }) => status),
      namespaces: [...routings.all()].flatMap(([namespace, { policy: ofAll, policies }]) =>
        ofAll === undefined && policies === undefined ? [] : [{ namespace, policy: ofAll, policies }],
      ),
    };
  }

  private learn(outcome: Outcome, now: Moment): void {
    const { learner } = this.parts;
    const ran = this.fleet.get(outcome.swarmId);
    if (learner === undefined || ran === undefined) return;
    const { costPerSlotHour } = ran;
    const observation = observationOf(outcome, { swarmClass: this.fleet.classOf(ran), costPerSlotHour });
    if (observation !== undefined) learner.observe(observation, this.learningMs(now));
  }

  /** The wall clock as it was at the start, and what has passed since: a clock that is set anew makes nothing old. */
  private learningMs({ monotonicMs }: Moment): number {
    return this.startedAtMs + monotonicMs;
  }

  /** Of a swarm heartbeats tell. */
  private tellReserved(reservationId: string): void {
    const reservation = this.fleet.reservation(reservationId);
    if (reservation === undefined || !isExternal(reservation.swarm)) return;
    const { swarm, attemptKey: attempt, resources } = reservation;
    const { replica } = this;
    const asked = resources === NO_RESOURCES ? {} : { resources: fromVector(resources) };
    this.parts.announcer.reserved({
      v: 1,
      replica,
      reservationId,
      swarmId: swarm.swarmId,
      attempt,
      ...asked,
    });
  }

  private announceCapacity(swarm: SwarmSeen, reason: CapacityReason): void {
    const { swarmId, region } = swarm;
    // Whoever waits for capacity has tasks, and those go to swarms.
    if (this.fleet.get(swarmId) !== swarm || isExternal(swarm)) return;
    const freeSlots = Math.max(0, this.fleet.columns.freeAt(swarm.index));
    // What came free may be taken again, by a later request of the same turn.
    const isFree = freeSlots > 0 && !takesNoWork(swarm.stateAt(this.now()));
    if (reason === 'freed' && !isFree) return;
    const event: CapacityEvent = { v: 1, swarmId, region, freeSlots, reason };
    try {
      this.parts.announcer.capacity(event);
    } catch (error) {
      this.parts.logger.debug('capacity could not be announced', { swarmId, error });
    }
  }

  private logChange({ swarmId, region, from, to }: StateChange): void {
    const { logger } = this.parts;
    const fields = { swarmId, region, from };
    if (to === 'down' || to === 'suspect') logger.warn(`swarm is ${to}`, fields);
    else logger.info(`swarm is ${to}`, fields);
  }

  private now(): Moment {
    return { wallMs: this.parts.clock.now(), monotonicMs: this.parts.clock.monotonic() };
  }
}

function replyOf(outcomes: readonly Decided[]): PlaceReply {
  return { v: 1, results: outcomes.map(renderResult) };
}
