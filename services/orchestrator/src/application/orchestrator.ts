import type { RegionPage, SwarmPage, SystemStatus } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { DeadLetters } from './dead-letters';
import type { DefinitionCatalogue } from './definition-catalogue';
import type { Explanations } from './explanations';
import type { Fleet } from './fleet';
import type { FleetControl } from './fleet-control';
import type { Gateway } from './gateway';
import type { Namespaces } from './namespace-settings';
import type { Payloads } from './payloads';
import type { Reads } from './reads';
import type { Schedules } from './schedules';
import type { ShardOperations } from './shard-operations';
import { systemStatus } from './status';
import { TaskControl } from './task-control';
import type { TaskStreams } from './task-streams';
import { WorkflowControl } from './workflow-control';

export interface StatusSources {
  services(): Promise<{ name: string; id: string; version: string }[]>;
  clock: Clock;
  successRateThreshold: number;
  utilizationThreshold: number;
}

const SERVICES_FRESH_MS = 2_000;

/** What is there for those who run the system. */
export type Operators = Pick<
  Orchestrator,
  | 'deadLetters'
  | 'definitions'
  | 'explanations'
  | 'fleetControl'
  | 'payloads'
  | 'schedules'
  | 'shards'
  | 'streams'
>;

/** What the orchestrator can be asked for: the same over HTTP and over NATS. */
export class Orchestrator {
  private seen: { at: number; services: { name: string; id: string; version: string }[] } | undefined;

  readonly control: TaskControl;
  readonly deadLetters: DeadLetters;
  readonly definitions: DefinitionCatalogue;
  readonly explanations: Explanations;
  readonly fleetControl: FleetControl;
  readonly payloads: Payloads;
  readonly schedules: Schedules;
  readonly shards: ShardOperations;
  readonly streams: TaskStreams;
  readonly workflows: WorkflowControl;

  constructor(
    readonly gateway: Gateway,
    readonly reads: Reads,
    readonly fleet: Fleet,
    readonly namespaces: Namespaces,
    operators: Operators,
    private readonly sources: StatusSources,
  ) {
    this.control = new TaskControl(gateway, reads, sources.clock);
    this.workflows = new WorkflowControl(gateway, reads, sources.clock);
    this.deadLetters = operators.deadLetters;
    this.definitions = operators.definitions;
    this.explanations = operators.explanations;
    this.fleetControl = operators.fleetControl;
    this.payloads = operators.payloads;
    this.schedules = operators.schedules;
    this.shards = operators.shards;
    this.streams = operators.streams;
  }

  swarms(): SwarmPage {
    return { items: this.fleet.swarms(), next: null };
  }

  regions(): RegionPage {
    return { items: this.fleet.regions(), next: null };
  }

  async status(): Promise<SystemStatus> {
    const faults: string[] = [];
    const noted =
      <T>(fallback: T) =>
      (error: unknown): T => {
        faults.push(error instanceof Error ? error.message : String(error));
        return fallback;
      };
    const [counts, services] = await Promise.all([
      this.reads.counts().catch(noted<Record<string, number>>({})),
      this.services().catch(noted(undefined)),
    ]);
    const { successRateThreshold, utilizationThreshold } = this.sources;
    return systemStatus({
      at: this.sources.clock.now(),
      regions: this.fleet.regions(),
      counts,
      services,
      faults,
      successRateThreshold,
      utilizationThreshold,
    });
  }

  private async services(): Promise<{ name: string; id: string; version: string }[]> {
    if (this.seen && this.sources.clock.monotonic() - this.seen.at < SERVICES_FRESH_MS)
      return this.seen.services;
    const services = await this.sources.services();
    this.seen = { at: this.sources.clock.monotonic(), services };
    return services;
  }
}
