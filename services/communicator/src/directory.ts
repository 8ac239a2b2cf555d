import type { Bus } from '@multiswarm/bus';
import { buckets, LIMITS, type Heartbeat } from '@multiswarm/contracts';
import { systemRandom, type Clock, type Ids } from '@multiswarm/core';
import type { Route } from '@multiswarm/service';
import type { Logger } from '@multiswarm/telemetry';
import { directoryEndpoints } from './adapters/bus/directory-endpoints';
import { listenOn } from './adapters/bus/endpoints';
import { directoryRoutes } from './adapters/http/directory-routes';
import { Watching } from './adapters/http/watching';
import { natsBuckets } from './adapters/state/nats-buckets';
import { DirectoryDesk } from './application/directory-desk';
import { Ledger } from './application/ledger';
import type { AdvertisementRecord } from './domain/directory/sources';
import type { Heard, Presence } from './domain/presence';

export interface DirectoryParts {
  bus: Bus;
  presence: Presence;
  clock: Clock;
  ids: Ids;
  logger: Logger;
  /** NATS servers that keep what is advertised. */
  replicas: number;
}

/** Wires the directory of capabilities, and takes requests for it. */
export function startDirectory({ bus, presence, clock, ids, logger, replicas }: DirectoryParts): {
  routes: Route[];
  /** To be told of each heartbeat. */
  onBeat: (beat: Heartbeat, heard: Heard) => void;
  stop(): Promise<void>;
} {
  const ledger = new Ledger<AdvertisementRecord>({
    ...{ store: natsBuckets(bus), bucket: buckets.directory, replicas, clock, random: systemRandom },
    keptMs: LIMITS.ADVERTISEMENT_MOST_MS,
  });
  const replica = ids.next();
  const desk = new DirectoryDesk({ ledger, presence, clock, logger, replica });
  desk.start();
  const endpoints = listenOn(bus, directoryEndpoints(desk, replica));
  return {
    routes: directoryRoutes(desk, new Watching('DIRECTORY_WATCHERS')),
    onBeat: (beat, heard) => desk.heard(beat, heard),
    stop: async () => {
      await desk.stop();
      await endpoints.stop();
    },
  };
}
