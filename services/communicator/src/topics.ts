import { ensureStream, Topics, type Bus } from '@multiswarm/bus';
import { streams, subjects } from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import type { Route } from '@multiswarm/service';
import type { Logger } from '@multiswarm/telemetry';
import { topicRoutes } from './adapters/http/topic-routes';
import { Watching } from './adapters/http/watching';
import { TopicDesk } from './application/topic-desk';

export interface TopicRetention {
  maxAgeMs: number;
  maxBytes: number;
}

export interface TopicParts {
  bus: Bus;
  /** Whose events this communicator keeps. */
  domain: string;
  retention: TopicRetention;
  /** NATS servers that keep them. */
  replicas: number;
  /** Throws `feature-not-available` where swarms are not to hear each other. */
  assertOpen: () => void;
  clock: Clock;
  ids: Ids;
  logger: Logger;
}

/** An event that is published again under its id within this is stored once. */
const DEDUP_MS = 2 * 60_000;

/** Makes the stream of topics, or brings it to these limits, and wires what is asked of topics over HTTP. */
export async function startTopics(parts: TopicParts): Promise<{ routes: Route[] }> {
  const { bus, domain, retention, replicas, assertOpen, clock, ids, logger } = parts;
  await ensureStream(bus.connection, {
    name: streams.topics,
    subjects: [subjects.storedTopics(domain)],
    dedupWindowMs: DEDUP_MS,
    replicas,
    ...retention,
  });
  const desk = new TopicDesk({
    topics: new Topics(bus, () => Promise.resolve(domain)),
    assertOpen,
    clock,
    ids,
    logger,
  });
  return { routes: topicRoutes(desk, new Watching('TOPIC_WATCHERS')) };
}
