import type { Bus, Listening } from '@multiswarm/bus';
import {
  CapacityEvent,
  Heartbeat,
  MultiswarmError,
  NamespaceChanged,
  RegionSummary,
  ReplicaAlive,
  ScheduleChanged,
  SchedulerActive,
  shardOf,
  subjects,
  UnwellSwarms,
  type TaskSpec,
} from '@multiswarm/contracts';
import { cappedSpec } from './domain/namespaces/settings';
import {
  every,
  within,
  type Cancel,
  type Clock,
  type Ids,
  type Random,
  type LeaseStore,
} from '@multiswarm/core';
import { busVoice, type HeldLease } from '@multiswarm/sharding';
import { newTraceparent, type Logger } from '@multiswarm/telemetry';
import type { z } from 'zod';
import { busAttemptMessages } from './adapters/bus/attempt-messages';
import { openClientFace } from './adapters/bus/client-face';
import { EventEars } from './adapters/bus/event-ears';
import { busCapacities, busEventStream, busPlacer, busSlotCensus, say } from './adapters/bus/ports';
import { regionFace } from './adapters/bus/region-face';
import { busOwners, busRegions, busSwarms } from './adapters/bus/region-ports';
import {
  busCensus,
  busSchedulerChanges,
  busStandings,
  busWaitingReasons,
  grantPort,
  schedulerFace,
} from './adapters/bus/scheduler-face';
import { ownerCommands, ownerFace } from './adapters/bus/shard-commands';
import { Checks } from './application/check/checks';
import type { ShardInspector } from './application/check/inspector';
import { shardSearches } from './adapters/bus/shard-searches';
import { Copies } from './application/copy/copies';
import type { CopyStore } from './application/copy/copy-store';
import type { CopyCodec } from './application/copy/shard-import';
import { DeadLetters } from './application/dead-letters';
import { DefinitionCatalogue } from './application/definition-catalogue';
import { Explanations } from './application/explanations';
import { Fleet } from './application/fleet';
import { FleetControl } from './application/fleet-control';
import { Gateway } from './application/gateway';
import { LearnedDurations } from './application/durations';
import { Ends } from './application/ends';
import { GlobalRole } from './application/global-role';
import type { Incarnations } from './application/incarnation';
import { Intake } from './application/intake';
import type { Meters } from './application/meters';
import { Namespaces } from './application/namespace-settings';
import { Orchestrator } from './application/orchestrator';
import { PayloadInspection } from './application/payload-check';
import { PayloadSweeper } from './application/payload-sweeper';
import { Payloads } from './application/payloads';
import { Reads } from './application/reads';
import { ScheduleChecks } from './application/schedule-checks';
import { ScheduleRunner } from './application/schedule-runner';
import { runIdOf, scheduleRuns } from './application/schedule-runs';
import { Schedules } from './application/schedules';
import { RunInputs } from './application/run-inputs';
import { TaskStreams } from './application/task-streams';
import { TaskLists } from './application/task-lists';
import type { OwnerMemory } from './application/owner-desk';
import { RegionalRole } from './application/regional-role';
import { ShardOperations } from './application/shard-operations';
import type { Upkeep } from './application/upkeep';
import { WorkflowSnapshots } from './application/workflow-snapshots';
import type { EngineConfig } from './config';
import type { ScheduledRuns, ScheduleStore } from './schedule-ports';
import type { MailReferences, PayloadIndex, PayloadStock, PayloadStore } from './payload-ports';
import type {
  CordonStore,
  DefinitionStore,
  Handover,
  NamespaceStore,
  Owners,
  Placer,
  PublishedEvents,
  Regions,
  ShardStore,
  TruthReader,
} from './ports';

/** Everything that an orchestrator has of the world. */
export interface AssembleParts {
  config: EngineConfig;
  /** This process, as the holder of leases; one token of a subject, and never used again. */
  replica: string;
  version: string;
  bus: Bus;
  shardStore: ShardStore;
  truth: TruthReader;
  inspector: ShardInspector;
  leases: LeaseStore;
  incarnations: Incarnations;
  copies: CopyStore;
  copyCodec: CopyCodec;
  /** The last message of a shard that the event stream has. */
  lastEvents: (shard: number) => Promise<PublishedEvents | undefined>;
  handover: Handover;
  namespaces: NamespaceStore;
  definitions: DefinitionStore;
  schedules: ScheduleStore;
  cordons: CordonStore;
  clock: Clock;
  random: Random;
  ids: Ids;
  logger: Logger;
  meters: Meters;
  onAccepted: (priority: string, count: number) => void;
  /** Makes the stream of events where it is not there. */
  restoreEvents?: (() => Promise<void>) | undefined;
  /** Without it nothing goes by reference. */
  payloads?: PayloadParts | undefined;
  /** Of each shard; as it is shipped, unless told. */
  memory?: OwnerMemory | undefined;
}

/** The store of payloads, what refers to them, and how it is kept clean. */
export interface PayloadParts {
  store: PayloadStore;
  stock: PayloadStock;
  index: PayloadIndex;
  ofMail: MailReferences;
  graceMs: number;
  sweepMs: number;
}

/** An orchestrator: its roles, and what clients ask of it. */
export interface Assembled {
  readonly orchestrator: Orchestrator;
  readonly global: GlobalRole;
  /** Where this process has the role. */
  readonly regional: RegionalRole | undefined;
  start(): Promise<void>;
  /** As a signal does it: what is under way is finished, everything is handed over. */
  stop(): Promise<void>;
  /** As if the process were gone: nothing is finished, nothing is given back. */
  drop(): void;
}

const OWNER_WAIT_MS = 4_000;
const SERVICES_WAIT_MS = 150;
const NATS_WAIT_MS = 1_000;
const FLEET_TICK_MS = 500;
/** An assigned attempt that nobody has accepted is dispatched again after this. */
const RESEND_MS = 2_000;

/** Builds an orchestrator out of what it is given. Nothing begins before `start`. */
export function assemble(parts: AssembleParts): Assembled {
  return new Assembly(parts);
}

class Assembly implements Assembled {
  readonly orchestrator: Orchestrator;
  readonly global: GlobalRole;
  readonly regional: RegionalRole | undefined;
  private readonly fleet: Fleet;
  private readonly namespaces: Namespaces;
  private readonly ends: Ends;
  private readonly durations = new LearnedDurations();
  private readonly placer: Placer;
  private readonly reads: Reads;
  private readonly explanations: Explanations;
  private readonly ears: EventEars;
  private readonly upkeep: Upkeep;
  private readonly payloads: Payloads;
  private readonly runs: ScheduledRuns;
  /** While this process schedules. */
  private runner: ScheduleRunner | undefined;
  private readonly stops: Cancel[] = [];

  constructor(private readonly parts: AssembleParts) {
    const { config, bus, clock, logger } = parts;
    this.fleet = new Fleet(clock, logger);
    this.ends = new Ends(clock);
    this.placer = busPlacer(bus, clock);
    this.namespaces = new Namespaces(
      parts.namespaces,
      { changed: (news) => say(bus, subjects.namespaceChanged(), news) },
      clock,
      (error) => logger.warn('settings of namespaces were not read', { error }),
    );
    this.upkeep = { checks: this.buildChecks(), copies: this.buildCopies() };
    this.global = this.buildGlobal();
    this.regional = config.regional ? this.buildRegional() : undefined;
    this.reads = this.buildReads();
    this.explanations = this.buildExplanations();
    this.ears = new EventEars(
      bus,
      clock,
      (shard) => this.global.ownerOf(shard) !== undefined,
      (batch) => this.ends.observe(batch.events),
    );
    this.payloads = this.buildPayloads();
    this.orchestrator = this.buildOrchestrator();
    this.runs = this.buildRuns();
    this.namespaces.onChange((namespace) => this.global.namespaceChanged(namespace));
  }

  async start(): Promise<void> {
    const { bus, clock, config, version } = this.parts;
    await this.namespaces.start();
    const listening = [...this.hear(), openClientFace(bus, this.orchestrator)];
    listening.push(
      bus.announce({ name: 'orchestrator', version, description: 'durable tasks and workflows' }),
    );
    this.stops.push(
      ...listening.map((each) => () => each.stop()),
      every(clock, FLEET_TICK_MS, () => this.fleet.tick()),
      () => this.namespaces.stop(),
      () => this.ears.stop(),
    );
    this.ears.start();
    bus.onReconnect(() => this.reconnected());
    if (config.global) {
      this.global.start();
      this.sweepPayloads();
    }
    say(bus, subjects.census(), {});
  }

  async stop(): Promise<void> {
    await this.regional?.stop();
    await this.global.stop();
    for (const stop of this.stops.splice(0)) stop();
  }

  drop(): void {
    this.global.drop();
    for (const stop of this.stops.splice(0)) stop();
  }

  /** What was said meanwhile is lost: ask who is there, and look at what waits. */
  private reconnected(): void {
    say(this.parts.bus, subjects.census(), {});
    this.explanations.reconnected();
    this.global.capacityChanged(1);
  }

  private buildGlobal(): GlobalRole {
    const { config, replica, bus, shardStore, leases, handover, clock, ids, random, logger, meters } =
      this.parts;
    const { shards, leaseMs, renewMs, slotKeptMs, attemptLeaseMs, regionTimeoutMs } = config;
    const settings = (namespace: string) => this.namespaces.settings(namespace);
    return new GlobalRole(
      { replica, shards, leaseMs, renewMs },
      {
        ...{ leases, clock, ids, random, logger, meters, settings, store: shardStore },
        capped: (spec) => cappedSpec(spec, settings(spec.namespace).priorityCeiling),
        ...{
          incarnations: this.parts.incarnations,
          lastEvents: this.parts.lastEvents,
          copies: this.parts.copies,
        },
        payloads: this.parts.payloads?.store,
        ...{ placer: this.placer, slotKeptMs },
        regions: this.regions(),
        stream: busEventStream(bus, clock, this.parts.lastEvents, logger, this.parts.restoreEvents),
        reportTo: subjects.replicaReport(replica),
        times: { attemptLeaseMs, regionTimeoutMs, resendMs: RESEND_MS },
        retentionMs: (namespace) => settings(namespace).retentionMs ?? config.retentionMs,
        memory: this.parts.memory,
        onCommitted: (writes) => {
          this.ends.committed(writes);
          this.durations.committed(writes);
        },
        voice: busVoice(bus, subjects.replicaAlive()),
        face: ownerFace(bus, handover, this.upkeep),
        serves: (owner) => this.upkeep.copies.serves(owner),
        schedulerFace: schedulerFace(bus),
        inOffice: (lease) => this.runSchedules(lease),
        tellScheduler: busSchedulerChanges(bus),
        grants: (gateOf) => grantPort(bus, gateOf),
      },
    );
  }

  private buildChecks(): Checks {
    const { bus, clock, config, ids, inspector, logger, shardStore: store } = this.parts;
    const { summaryMs: heartbeatMs, slotKeptMs } = config;
    const elsewhere = busCensus(bus);
    return new Checks({
      ...{ clock, ids, inspector, logger, store },
      census: async (asked) => this.global.activeScheduler?.census(asked) ?? (await elsewhere(asked)),
      slotCensus: busSlotCensus(bus),
      giveSlotBack: (attempt) => this.placer.report([{ ...attempt, reservationId: '', outcome: 'unused' }]),
      askHeartbeats: () => say(bus, subjects.census(), {}),
      slotTimes: { heartbeatMs, slotKeptMs },
      lastPublished: (shard) => this.lastPublished(shard),
      owesSchedulerSince: (shard) => this.global.owesSchedulerSince(shard),
      reload: (shard) => this.global.renewShard(shard),
    });
  }

  private buildCopies(): Copies {
    const { clock, config, copies, copyCodec: codec, ids, incarnations, inspector, logger } = this.parts;
    return new Copies({
      ...{ clock, copies, codec, ids, incarnations, inspector, logger, shards: config.shards },
      reload: (shard) => this.global.renewShard(shard),
    });
  }

  private buildRegional(): RegionalRole {
    const { config, replica, bus, leases, cordons, clock, logger } = this.parts;
    return new RegionalRole(
      { owner: replica, ...config },
      {
        ...{ leases, cordons, clock, logger },
        face: regionFace(bus),
        swarms: busSwarms(bus),
        owners: this.owners(),
        placer: this.global.placerOfAll(),
      },
    );
  }

  /** Coordinators: in this process where it has the region, else over the bus. */
  private regions(): Regions {
    const elsewhere = busRegions(this.parts.bus);
    const here = (region: string) => this.regional?.coordinatorOf(region);
    return {
      dispatch: (region, request) => here(region)?.dispatch(request) ?? elsewhere.dispatch(region, request),
      control: (region, swarmId, control) =>
        here(region)?.control(swarmId, control) ?? elsewhere.control(region, swarmId, control),
    };
  }

  /** Owners: in this process where it has the shard, else over the bus. */
  private owners(): Owners {
    const elsewhere = busOwners(this.parts.bus);
    return {
      report: async (shard, losses) => {
        if (!this.global.ownerOf(shard)) return elsewhere.report(shard, losses);
        const request = { v: 1 as const, ...losses, outcomes: [], progress: [], fetch: 0 };
        return (await this.global.desk.handle(request)).acks;
      },
    };
  }

  private buildReads(): Reads {
    const { bus, truth, clock, config } = this.parts;
    const elsewhere = busWaitingReasons(bus);
    const reasons = {
      explain: (ids: string[]) => (this.global.activeScheduler ?? elsewhere).explain(ids),
    };
    const ownerOf = (shard: number) => this.global.ownerOf(shard);
    const lists = new TaskLists(truth, shardSearches(bus, ownerOf), config.shards);
    const here = {
      listenTo: (shard: number) => this.ears.listenTo(shard),
      isOpen: (shard: number, id: string) => ownerOf(shard)?.isOpen(id) ?? false,
    };
    return new Reads(truth, lists, reasons, config.shards, clock, this.ends, here, this.durations);
  }

  private buildExplanations(): Explanations {
    const { bus, truth, clock, config } = this.parts;
    const { shards, summaryMs } = config;
    const elsewhere = busStandings(bus);
    const standings = {
      standing: (taskId: string) => {
        const here = this.global.activeScheduler;
        return here ? Promise.resolve(here.standing(taskId)) : elsewhere.standing(taskId);
      },
    };
    const { fleet } = this;
    return new Explanations({
      ...{ truth, standings, fleet, clock, shards, summaryMs },
      capacities: busCapacities(bus),
      connected: () => bus.connected,
    });
  }

  private buildOrchestrator(): Orchestrator {
    const { bus, clock, config, handover, ids, random, onAccepted } = this.parts;
    const { shards, successRateThreshold, utilizationThreshold } = config;
    const ceiling = (namespace: string) => this.namespaces.settings(namespace).priorityCeiling;
    const { truth, logger } = this.parts;
    const inputs = new RunInputs();
    const definitions = new DefinitionCatalogue({ store: this.parts.definitions, inputs, clock, logger });
    const { find } = definitions;
    const snapshots = new WorkflowSnapshots({ find, inputs, clock, capacities: busCapacities(bus) });
    const gateway = new Gateway(
      new Intake(shards, ids, random, clock, ceiling),
      ownerCommands(bus, handover, (shard) => this.global.ownerOf(shard), this.upkeep),
      shards,
      clock,
      OWNER_WAIT_MS,
      onAccepted,
      (id) => this.specOf(id),
      { payloads: this.payloads, snapshots },
    );
    const services = async () => {
      await within(clock, NATS_WAIT_MS, bus.rttMs(), () => {
        throw new MultiswarmError('bus-unavailable', 'NATS does not answer');
      });
      return bus.services(SERVICES_WAIT_MS);
    };
    const sources = { services, clock, successRateThreshold, utilizationThreshold };
    const { reads, explanations, fleet, namespaces, payloads } = this;
    const { leases, cordons, replica: owner } = this.parts;
    const control = new FleetControl({ fleet, regions: this.regions(), cordons, leases, clock, owner });
    const deadLetters = new DeadLetters({ truth, gateway, shards, clock, ids, logger });
    const operations = new ShardOperations(shards, this.parts.inspector, gateway);
    const streams = this.buildStreams();
    const operators = {
      ...{
        deadLetters,
        definitions,
        explanations,
        fleetControl: control,
        shards: operations,
        payloads,
        schedules: this.buildSchedules(gateway),
        streams,
      },
    };
    return new Orchestrator(gateway, reads, fleet, namespaces, operators, sources);
  }

  private buildSchedules(gateway: Gateway): Schedules {
    const { bus, clock, config, logger, schedules: store } = this.parts;
    return new Schedules({
      ...{ store, clock, logger, checks: new ScheduleChecks(gateway) },
      runs: { state: (id) => this.runs.state(id) },
      runIdOf: (of, at) => runIdOf(of, at, config.shards),
      changed: (of) => say(bus, subjects.scheduleChanged(), { v: 1, ...of }),
    });
  }

  private buildRuns(): ScheduledRuns {
    const { clock, config, truth } = this.parts;
    return scheduleRuns({
      ...{ truth, clock, ends: this.ends, shards: config.shards, newTrace: newTraceparent },
      gateway: this.orchestrator.gateway,
      listenTo: (shard) => this.ears.listenTo(shard),
    });
  }

  /** Schedules are run where the scheduler is. */
  private runSchedules(lease: HeldLease): Cancel {
    const { clock, logger, meters, schedules: store } = this.parts;
    const parts = { store, clock, logger, runs: this.runs, meters: meters.schedules };
    const runner = new ScheduleRunner(lease, parts);
    this.runner = runner;
    runner.start();
    return () => {
      runner.stop();
      if (this.runner === runner) this.runner = undefined;
    };
  }

  private buildStreams(): TaskStreams {
    const { bus, clock, config } = this.parts;
    return new TaskStreams({
      ...{ clock, ends: this.ends, messages: busAttemptMessages(bus) },
      record: (id) => this.reads.record(id),
      listenToEnds: (id) => {
        const shard = shardOf(id, config.shards);
        if (shard !== undefined) this.ears.listenTo(shard);
      },
    });
  }

  private buildPayloads(): Payloads {
    const { payloads, config, clock } = this.parts;
    const { shards } = config;
    const lastPublished = (shard: number) => this.lastPublished(shard);
    const inspection = payloads && new PayloadInspection({ ...payloads, shards, clock, lastPublished });
    return new Payloads(payloads?.store, inspection);
  }

  private sweepPayloads(): void {
    const { payloads, config, clock, logger } = this.parts;
    if (!payloads) return;
    const { shards } = config;
    const isOurTurn = (): boolean => this.global.activeScheduler !== undefined;
    const lastPublished = (shard: number) => this.lastPublished(shard);
    const sweeper = new PayloadSweeper({ ...payloads, shards, clock, logger, lastPublished }, isOurTurn);
    sweeper.start();
    this.stops.push(() => sweeper.stop());
  }

  private async lastPublished(shard: number): Promise<number | undefined> {
    return (await this.parts.lastEvents(shard))?.batchSeq;
  }

  private async specOf(id: string): Promise<TaskSpec> {
    const shard = shardOf(id, this.parts.config.shards);
    const record = shard === undefined ? undefined : await this.parts.truth.task(shard, id);
    if (!record) throw new MultiswarmError('task-not-found', `there is no task "${id}"`);
    return record.spec;
  }

  /** What everybody says in passing: heartbeats, summaries, capacity, and what replicas tell each other. */
  private hear(): Listening[] {
    const { bus, config } = this.parts;
    const { global, regional, fleet, namespaces, explanations } = this;
    const on = <S extends z.ZodType>(subject: string, schema: S, heard: (message: z.output<S>) => void) =>
      bus.subscribe(subject, { schema }, heard);
    const all = [
      on(subjects.allHeartbeats(), Heartbeat, (heartbeat) => {
        fleet.observe(heartbeat);
        regional?.observe(heartbeat);
      }),
      on(subjects.allRegionSummaries(), RegionSummary, (summary) => {
        explanations.seen(summary);
        if (config.global) global.seen(summary);
      }),
      on(subjects.namespaceChanged(), NamespaceChanged, (news) => void namespaces.observe(news)),
    ];
    if (!config.global) return all;
    return [
      ...all,
      on(subjects.lbCapacity(), CapacityEvent, (event) => global.capacityChanged(event.freeSlots, event)),
      on(subjects.lbUnwell(), UnwellSwarms, ({ replica, swarmIds }) =>
        global.unwell.told(replica, swarmIds, this.parts.clock.monotonic()),
      ),
      on(subjects.replicaAlive(), ReplicaAlive, (alive) => global.observeReplica(alive)),
      on(subjects.scheduleChanged(), ScheduleChanged, (news) => this.runner?.wake(news)),
      on(subjects.schedulerActive(), SchedulerActive, (active) => global.observeScheduler(active)),
    ];
  }
}
