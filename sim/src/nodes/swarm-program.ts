import type { AttemptRef } from '@multiswarm/contracts';
import { createSwarm, type SwarmOptions } from '@multiswarm/sdk';
import type { WorkBook } from '../invariants/work-book';
import { agent } from '../scenario/agent';
import { planning } from '../scenario/planning';
import { TYPES } from '../scenario/submissions';
import type { SimProcess } from '../world/process';
import type { World } from '../world/world';
import type { Failed, Program, Running } from './node';

export interface SwarmPlan {
  id: string;
  region: string;
  slots: number;
  capabilities: string[];
  costPerHour: number;
  heartbeatMs: number;
}

const DRAIN_MS = 500;
const GRACE_MS = 200;
const FLUSH_MS = 2_000;

/** A swarm of the SDK, with agents that do what the input of their task says. */
export function swarmProgram(
  world: World,
  failed: Failed,
  work: WorkBook,
  held: ReadonlyMap<SimProcess, readonly AttemptRef[]>,
  plan: SwarmPlan,
): Program {
  return {
    name: plan.id,
    site: plan.region,
    start: (process: SimProcess): Running => {
      const { id, region, slots, capabilities, costPerHour, heartbeatMs } = plan;
      const bus = world.bus(process);
      const options: SwarmOptions = {
        ...{ id, region, slots, capabilities, costPerHour, heartbeatMs },
        ...{ drainMs: DRAIN_MS, graceMs: GRACE_MS, flushMs: FLUSH_MS, handleSignals: false },
        bus,
        clock: process.clock,
        random: process.random,
        ids: process.ids,
        logger: world.logger(process),
      };
      const swarm = createSwarm(options);
      const handler = agent(process.name, process.clock, work, planning(process, bus));
      for (const type of TYPES) swarm.handle(type, handler);
      swarm.start().catch((error: unknown) => failed(process, error));
      return {
        process,
        stop: () => swarm.drain().then(() => swarm.stop()),
        left: () => (held.get(process) ?? []).map(({ taskId, attempt }) => `${taskId}#${attempt}`),
      };
    },
  };
}
