import type { FleetSwarm } from './fleet';
import {
  addresses,
  connectedSwarms,
  llmSpec,
  natsSpec,
  redisSpec,
  serviceSpec,
  SERVICE_NAMES,
  swarmSpec,
  type Stack,
} from './programs';
import { SupervisedProcess, type ProcessSpec, type Surroundings } from './supervised-process';

/** The processes of one running system, started from the ground up and ended the other way round. */
export class RunningStack {
  private readonly processes: SupervisedProcess[] = [];
  private stopping = false;

  constructor(
    private readonly stack: Stack,
    private readonly surroundings: Surroundings,
  ) {}

  async start(fleet: readonly FleetSwarm[]): Promise<void> {
    const { stack } = this;
    // All specifications first: what is not installed or not built is found before anything runs.
    const servers = [natsSpec(stack), redisSpec(stack)];
    const services = SERVICE_NAMES.map((name) => serviceSpec(stack, name));
    const connected = connectedSwarms(addresses(stack).url, () => this.surroundings.clock.monotonic());
    const swarms = fleet.map((swarm) => swarmSpec(stack, swarm, connected));
    const writers = llmSpec(stack, connected);
    if (writers) swarms.push(writers);
    for (const stage of [servers, services, swarms]) await this.startAll(stage);
  }

  /** Swarms, services, Redis, NATS: each stage only when the one above it is gone. */
  async stop(): Promise<void> {
    this.stopping = true;
    const stages = [...new Set(this.processes.map(({ spec }) => spec.stage))].sort((a, b) => b - a);
    for (const stage of stages) {
      await Promise.all(this.processes.filter(({ spec }) => spec.stage === stage).map((one) => one.stop()));
    }
  }

  kill(): void {
    for (const one of this.processes) one.kill();
  }

  private async startAll(specs: readonly ProcessSpec[]): Promise<void> {
    if (this.stopping) return;
    const starting = specs.map((spec) => new SupervisedProcess(spec, this.surroundings));
    this.processes.push(...starting);
    await Promise.all(starting.map((one) => one.start()));
  }
}
