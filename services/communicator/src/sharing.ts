import type { Bus } from '@multiswarm/bus';
import type { Clock } from '@multiswarm/core';
import type { Route } from '@multiswarm/service';
import { listenOn } from './adapters/bus/endpoints';
import { stateEndpoints } from './adapters/bus/state-endpoints';
import { stateRoutes } from './adapters/http/state-routes';
import { Watching } from './adapters/http/watching';
import { natsBuckets } from './adapters/state/nats-buckets';
import { SharedState } from './application/shared-state';

export interface SharingOptions {
  bus: Bus;
  clock: Clock;
  replicas: number;
}

/** Wires all that swarms share with each other, and takes requests for it. */
export function startSharing({ bus, clock, replicas }: SharingOptions): {
  routes: Route[];
  stop(): Promise<void>;
} {
  const store = natsBuckets(bus);
  const state = new SharedState({ store, clock, replicas });
  const watching = new Watching();
  const endpoints = listenOn(bus, stateEndpoints(state));
  return { routes: stateRoutes(state, watching), stop: () => endpoints.stop() };
}
