import type { ServiceSeen } from '@multiswarm/bus';
import { Geography } from './geography';
import { NatsServer } from './nats-server';
import { SimProcess, type ProcessOptions } from './process';
import { traceLogger } from './quiet-telemetry';
import { RedisServer } from './redis-server';
import { Seeds } from './seeds';
import { SimBus, type Wiretap } from './sim-bus';
import { LeaseTable, SimLeases } from './sim-leases';
import { Timeline } from './timeline';
import { Trace } from './trace';

export interface WorldOptions {
  seed: number;
  tap: Wiretap;
  /** A message, a timer or a handler threw what nobody caught. */
  onFault: (process: string, what: string, error: unknown) => void;
  onLine?: ((line: string) => void) | undefined;
}

/** Time, the network, the servers: everything that processes find when they start. */
export class World {
  readonly seeds: Seeds;
  readonly trace: Trace;
  readonly timeline: Timeline;
  readonly geography: Geography;
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  readonly leases: LeaseTable;
  private readonly services = new Map<SimBus, ServiceSeen>();

  constructor(private readonly options: WorldOptions) {
    this.seeds = new Seeds(options.seed);
    this.trace = new Trace(options.onLine);
    this.timeline = new Timeline(this.seeds, this.trace);
    this.geography = new Geography(this.timeline, this.seeds.stream('geography'));
    this.nats = new NatsServer(this.timeline, this.geography, this.seeds.stream('nats'));
    this.redis = new RedisServer(this.timeline, this.geography, this.seeds.stream('redis'));
    this.leases = new LeaseTable(this.redis);
  }

  process(options: ProcessOptions): SimProcess {
    return new SimProcess(options, this.timeline, this.seeds);
  }

  /** A connection of the process to NATS. */
  bus(process: SimProcess): SimBus {
    const onFault = (error: unknown, subject: string): void =>
      this.options.onFault(process.name, subject, error);
    return new SimBus({
      process,
      server: this.nats,
      tap: this.options.tap,
      onFault,
      services: this.services,
    });
  }

  leasesOf(process: SimProcess): SimLeases {
    return new SimLeases(process, this.redis, this.leases);
  }

  logger(process: SimProcess): ReturnType<typeof traceLogger> {
    return traceLogger(this.timeline, process.name);
  }
}
