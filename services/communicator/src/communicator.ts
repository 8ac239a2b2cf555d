import { serverSeen, type Bus } from '@multiswarm/bus';
import { MESSAGE_KINDS, requireServer } from '@multiswarm/contracts';
import { systemClock, systemIds, type Clock, type Ids } from '@multiswarm/core';
import type { Route } from '@multiswarm/service';
import type { Store } from '@multiswarm/store';
import type { Logger, Metrics } from '@multiswarm/telemetry';
import { followHeartbeats } from './adapters/bus/heartbeats';
import { busMailCarrier } from './adapters/bus/mail-carrier';
import { listenForMessages } from './adapters/bus/message-endpoints';
import { messageRoutes } from './adapters/http/routes';
import { startSharing } from './sharing';
import { RedisStatusStore, STATUS_KEEP_MS } from './adapters/store/redis-status-store';
import { getMessage } from './application/get-message';
import { sendMessage } from './application/send-message';
import { Presence } from './domain/presence';
import type { Relaying } from './domain/promises';
import type { CountMessage } from './ports';

export interface CommunicatorOptions {
  bus: Bus;
  store: Store;
  metrics: Metrics;
  logger: Logger;
  relaying: Relaying;
  version: string;
  /** NATS servers that keep what swarms share; 1 unless told. */
  streamReplicas?: number;
  clock?: Clock;
  ids?: Ids;
}

export interface Communicator {
  routes: Route[];
  /** Resolves when the messages under way are answered. */
  stop(): Promise<void>;
}

/** Wires one replica and starts it: first it learns who is there, then it takes messages. */
export async function startCommunicator(options: CommunicatorOptions): Promise<Communicator> {
  const { bus, store, metrics, logger, relaying, version, clock = systemClock, ids = systemIds } = options;
  const { streamReplicas: replicas = 1 } = options;
  await checkServer(bus, logger);
  const presence = new Presence();
  const statuses = new RedisStatusStore(store);
  const count = countMessages(metrics);
  const carrier = busMailCarrier(bus);
  const send = sendMessage({ presence, carrier, statuses, relaying, count, logger, clock, ids });
  const get = getMessage(statuses, STATUS_KEEP_MS);

  const heartbeats = await followHeartbeats(bus, presence, { clock, logger });
  const endpoints = listenForMessages(bus, send, get);
  const sharing = startSharing({ bus, clock, replicas });
  const announced = bus.announce({ name: 'communicator', version, description: 'Messages between swarms' });
  return {
    routes: [...messageRoutes(send, get), ...sharing.routes],
    stop: async () => {
      announced.stop();
      await endpoints.stop();
      await sharing.stop();
      heartbeats.stop();
    },
  };
}

/** @throws MultiswarmError `feature-not-available` where the server is none that this can work on */
async function checkServer(bus: Bus, logger: Logger): Promise<void> {
  const seen = await serverSeen(bus);
  const lacking = requireServer(seen);
  logger.info('NATS server', { ...seen, lackingAndNotUsed: lacking });
}

const COMMON_KINDS: ReadonlySet<string> = new Set(MESSAGE_KINDS);

/** People invent kinds without end; a metric must not have a series for each. */
function countMessages(metrics: Metrics): CountMessage {
  const sent = metrics.counter('multiswarm.messages.sent');
  return (kind, result) => sent.add(1, { kind: COMMON_KINDS.has(kind) ? kind : 'other', result });
}
