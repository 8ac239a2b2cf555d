import { every } from '@multiswarm/core';
import { attachToBus, busAnnouncer } from '../../../services/load-balancer/src/adapters/bus';
import { ExternalEndpoints } from '../../../services/load-balancer/src/application/external-endpoints';
import { LoadBalancer } from '../../../services/load-balancer/src/application/load-balancer';
import { NamespaceRoutings } from '../../../services/load-balancer/src/application/namespace-routings';
import type { Announcer, EndpointStore } from '../../../services/load-balancer/src/ports';
import type { SimProcess } from '../world/process';
import { noMetrics } from '../world/quiet-telemetry';
import type { World } from '../world/world';
import type { Failed, Program, Running } from './node';

const SWEEP_MS = 250;
const HOLD_MS = 2_500;

/** Tasks go to swarms only, so nobody registers anything else here. */
const NOTHING_REGISTERED: EndpointStore = {
  all: () => Promise.resolve({ endpoints: [], revision: 0, nowMs: 0 }),
  put: () => Promise.resolve('full'),
  remove: () => Promise.resolve('absent'),
};

/** A load-balancer, put together as its own start does it. */
export function balancerProgram(world: World, failed: Failed, name: string, site: string): Program {
  return {
    name,
    site,
    start: (process: SimProcess): Running => {
      const { clock, ids, random } = process;
      const bus = world.bus(process);
      const announcer = busAnnouncer(bus);
      const routings = new NamespaceRoutings({ all: () => Promise.resolve([]) }, clock, () => undefined);
      const balancer = new LoadBalancer({
        ...{ clock, ids, random, metrics: noMetrics, logger: world.logger(process) },
        policy: 'least-loaded',
        reservationHoldMs: HOLD_MS,
        replaysKept: 0,
        responseTimeThresholdMs: 500,
        decisionsKept: 0,
        announcer,
        registered: () => undefined,
        routings,
      });
      const endpoints = externalEndpoints(process, balancer, announcer);
      attachToBus(bus, balancer, endpoints, routings, clock).catch((error: unknown) =>
        failed(process, error),
      );
      every(clock, SWEEP_MS, () => balancer.sweep());
      return {
        process,
        stop: () => bus.close(),
        left: () =>
          balancer
            .endpoints({ limit: Infinity })
            .items.filter(({ busySlots }) => busySlots > 0)
            .map(({ swarmId, busySlots }) => `${busySlots} slots of ${swarmId}`),
      };
    },
  };
}

function externalEndpoints(
  { clock, ids }: SimProcess,
  balancer: LoadBalancer,
  announcer: Announcer,
): ExternalEndpoints {
  return new ExternalEndpoints({
    ...{ store: NOTHING_REGISTERED, clock, ids, defaultSlots: 1 },
    beat: (member) => balancer.heartbeat(member),
    announce: (change) => announcer.endpointChanged(change),
    isSwarm: (swarmId) => balancer.isSwarm(swarmId),
    onFault: () => undefined,
  });
}
