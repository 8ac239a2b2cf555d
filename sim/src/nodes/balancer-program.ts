import { every } from '@multiswarm/core';
import { attachToBus, busAnnouncer } from '../../../services/load-balancer/src/adapters/bus';
import { LoadBalancer } from '../../../services/load-balancer/src/application/load-balancer';
import { policyByName } from '../../../services/load-balancer/src/domain/policies';
import type { SimProcess } from '../world/process';
import { noMetrics } from '../world/quiet-telemetry';
import type { World } from '../world/world';
import type { Failed, Program, Running } from './node';

const SWEEP_MS = 250;
const HOLD_MS = 2_500;

/** A load-balancer, put together as its own start does it. */
export function balancerProgram(world: World, failed: Failed, name: string, site: string): Program {
  return {
    name,
    site,
    start: (process: SimProcess): Running => {
      const { clock, ids, random } = process;
      const bus = world.bus(process);
      const balancer = new LoadBalancer({
        ...{ clock, ids, random, metrics: noMetrics, logger: world.logger(process) },
        policy: policyByName('least-loaded'),
        reservationHoldMs: HOLD_MS,
        decisionsKept: 0,
        announcer: busAnnouncer(bus),
      });
      attachToBus(bus, balancer, clock).catch((error: unknown) => failed(process, error));
      every(clock, SWEEP_MS, () => balancer.sweep());
      return {
        process,
        stop: () => bus.close(),
        left: () =>
          balancer
            .swarms()
            .filter(({ busySlots }) => busySlots > 0)
            .map(({ swarmId, busySlots }) => `${busySlots} slots of ${swarmId}`),
      };
    },
  };
}
