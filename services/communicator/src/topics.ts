import { ensureStream, KeyValueBucket, storeMessage, StreamRefusal, Topics, type Bus } from '@multiswarm/bus';
import { buckets, mailboxShardOf, streams, subjects } from '@multiswarm/contracts';
import type { Clock, Ids, Random } from '@multiswarm/core';
import { MailSender, MailSites } from '@multiswarm/messaging';
import type { Route } from '@multiswarm/service';
import { kvLeases, SharedShards } from '@multiswarm/sharding';
import type { Logger } from '@multiswarm/telemetry';
import { listenOn } from './adapters/bus/endpoints';
import { subscriptionEndpoints } from './adapters/bus/subscription-endpoints';
import { subscriptionRoutes } from './adapters/http/subscription-routes';
import { topicRoutes } from './adapters/http/topic-routes';
import { Watching } from './adapters/http/watching';
import { kvCursor } from './adapters/jetstream/fan-out-cursor';
import { SubscriptionBook } from './application/subscription-book';
import { TopicDesk } from './application/topic-desk';
import { TopicFanOut } from './application/topic-fan-out';
import type { MailPoster, MakeMailbox } from './topic-ports';

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
  /** How long a replica that is silent keeps the copying of events, milliseconds. */
  leaseMs: number;
  /** Throws `feature-not-available` where swarms are not to hear each other. */
  assertOpen: () => void;
  clock: Clock;
  ids: Ids;
  random: Random;
  logger: Logger;
}

/** An event that is published again under its id within this is stored once. */
const DEDUP_MS = 2 * 60_000;

const SUBSCRIPTION_BYTES = 1_024;
const SUBSCRIPTIONS_BYTES = 16 * 1024 * 1024;
/** One process of a domain copies events: their subjects say nothing of shards, and their order is that of one stream. */
const KEEPERS = 1;
/** A mailbox that takes nothing for so long holds up nobody else. */
const POST_MS = 5_000;

export interface StartedTopics {
  routes: Route[];
  stop(): Promise<void>;
  /** As if the process were gone. */
  drop(): void;
}

/** Makes the stream of topics, or brings it to these limits, and wires what is asked of topics over HTTP, and their copying. */
export async function startTopics(parts: TopicParts): Promise<StartedTopics> {
  const { bus, domain, retention, replicas, assertOpen, clock, ids, logger } = parts;
  await ensureStream(bus.connection, {
    name: streams.topics,
    subjects: [subjects.storedTopics(domain)],
    dedupWindowMs: DEDUP_MS,
    replicas,
    ...retention,
  });
  const topics = new Topics(bus, () => Promise.resolve(domain));
  const desk = new TopicDesk({ topics, assertOpen, clock, ids, logger });
  const book = await openBook(parts, topics);
  const listening = listenOn(bus, subscriptionEndpoints(book));
  const copying = await startCopying(parts, topics, book);
  return {
    routes: [...topicRoutes(desk, new Watching('TOPIC_WATCHERS')), ...subscriptionRoutes(book)],
    stop: async () => {
      await listening.stop();
      await copying.stop();
      book.stop();
    },
    drop: () => {
      copying.drop();
      book.stop();
    },
  };
}

async function openBook(
  { bus, domain, replicas, assertOpen, clock, logger }: TopicParts,
  topics: Topics,
): Promise<SubscriptionBook> {
  const bucket = new KeyValueBucket(bus.connection, buckets.topicSubscriptions);
  const limits = { maxValueBytes: SUBSCRIPTION_BYTES, maxBytes: SUBSCRIPTIONS_BYTES };
  await bucket.make({ history: 1, replicas, ...limits });
  const book = new SubscriptionBook({
    ...{ bucket, assertOpen, clock, logger },
    positionOf: (start) => topics.positionOf(start),
    makeMailbox: mailboxMaker(bus, domain),
  });
  book.start();
  return book;
}

/** Its owner looks there for a name that he does not know. */
function mailboxMaker({ connection }: Bus, domain: string): MakeMailbox {
  return async (namespace, mailbox) => {
    const place = { domain, shard: mailboxShardOf(mailbox) };
    const subject = subjects.mailboxName(place, namespace, mailbox);
    await storeMessage(connection, subject, '{}', { expectedLast: 0 }).catch((error: unknown) => {
      // It is known already, and where it is read.
      if (!(error instanceof StreamRefusal && error.isConflict)) throw error;
    });
  };
}

async function startCopying(
  { bus, domain, replicas, leaseMs, clock, ids, random, logger }: TopicParts,
  events: Topics,
  book: SubscriptionBook,
): Promise<Pick<StartedTopics, 'stop' | 'drop'>> {
  const sender = new MailSender({ bus, sites: new MailSites(bus), clock, tryMs: POST_MS });
  const poster: MailPoster = {
    post: (message) => sender.store(message),
    makeMailbox: mailboxMaker(bus, domain),
  };
  const leases = await kvLeases(bus, { bucket: buckets.topicLeases, replicas }, clock);
  const cursors = await kvCursor(bus, replicas);
  const shards = new SharedShards<TopicFanOut>(
    { replica: ids.next(), shards: KEEPERS, leaseMs, subject: subjects.topicKeeperAlive(domain) },
    {
      ...{ bus, leases, clock, logger },
      keyOf: () => 'copying',
      open: (shard, { epoch }, onLost) => {
        const cursor = cursors();
        return TopicFanOut.open(
          shard,
          epoch,
          { events, book, cursor, poster, clock, random, logger },
          onLost,
        );
      },
      serve: (owner) => {
        owner.start();
        return () => owner.lose();
      },
      listen: () => () => undefined,
    },
  );
  shards.start();
  return {
    stop: async () => {
      await shards.stop();
      leases.stop();
    },
    drop: () => {
      shards.drop();
      leases.stop();
    },
  };
}
