import { serverSeen, type Bus } from '@multiswarm/bus';
import { MESSAGE_KINDS, requireServer, type Message, type ServerSeen } from '@multiswarm/contracts';
import { systemClock, systemIds, systemRandom, type Clock, type Ids, type Random } from '@multiswarm/core';
import { carryMail, MAIL_TRY_MS, MailPayloads, MailSender, MailSites } from '@multiswarm/messaging';
import type { Route } from '@multiswarm/service';
import type { Logger, Metrics } from '@multiswarm/telemetry';
import { followHeartbeats } from './adapters/bus/heartbeats';
import { listenForMessages } from './adapters/bus/message-endpoints';
import { messageRoutes } from './adapters/http/routes';
import { ensureMailStreams, STATUS_KEEP_MS } from './adapters/jetstream/mail-streams';
import { JetStreamStatusStore } from './adapters/jetstream/status-store';
import { getMessage } from './application/get-message';
import { sendMessage } from './application/send-message';
import { startDirectory } from './directory';
import { recipientsOf } from './domain/addressing';
import { Presence } from './domain/presence';
import { homeDomain } from './domain/regions/home-domain';
import { Neighbours } from './domain/regions/neighbours';
import { assertRelaying, type Relaying } from './domain/promises';
import { startMailAccess } from './mail-access';
import { startMailboxes, type MailboxOptions } from './mailboxes';
import { startPayloads, type PayloadLimits } from './payloads';
import type { CountMail, CountMessage, Outbox } from './ports';
import { countForwarded, orOutOfReach, showRegions, silentAfterMs } from './regions';
import { startSharing } from './sharing';
import { startTopics, type TopicRetention } from './topics';

export interface CommunicatorOptions extends Omit<MailboxOptions, 'domain'> {
  /** JETSTREAM_DOMAIN; that of the server unless told. */
  domain?: string | undefined;
  bus: Bus;
  metrics: Metrics;
  logger: Logger;
  relaying: Relaying;
  version: string;
  /** How long, and how much of, what is published on topics is kept; a day and 64 MiB unless told. */
  topics?: TopicRetention;
  /** How long each mailbox is tried that does not answer, milliseconds; 20 s unless told. */
  mailTryMs?: number;
  payloads: PayloadLimits;
  clock?: Clock;
  ids?: Ids;
  random?: Random;
}

export interface Communicator {
  routes: Route[];
  /** Mailbox shards that this replica has. */
  readonly served: number[];
  /** Resolves when the messages under way are answered, and the mailboxes are handed over. */
  stop(): Promise<void>;
  /** As if the process were gone. */
  drop(): void;
}

/** Wires one replica and starts it: first it learns who is there, then it takes messages, then its share of the mailboxes. */
export async function startCommunicator(options: CommunicatorOptions): Promise<Communicator> {
  const { bus, metrics, logger, relaying, version, mailTryMs = MAIL_TRY_MS } = options;
  const { clock = systemClock, ids = systemIds, random = systemRandom } = options;
  const domain = homeDomain((await checkServer(bus, logger)).domain, options.domain);
  const presence = new Presence();
  const { fetched, ...payloads } = await openStreams(options, domain, clock, ids);
  const statuses = new JetStreamStatusStore(bus, domain);
  const count = countMessages(metrics);
  const outbox = outboxOf(options, domain, clock, ids);
  const send = sendMessage({ presence, outbox, mailTryMs, statuses, relaying, count, logger, clock, ids });
  const get = getMessage(statuses, STATUS_KEEP_MS);

  const { replicas } = options.streams;
  const directory = startDirectory({ bus, presence, clock, ids, logger, replicas });
  const heartbeats = await followHeartbeats(bus, presence, { clock, logger, onBeat: directory.onBeat });
  const endpoints = listenForMessages(bus, { send, get, presence, relaying, domain, clock, logger });
  const neighbours = new Neighbours(silentAfterMs(options.leaseMs));
  const assertPresent = (to: string): void => void recipientsOf('', to, presence, clock.monotonic());
  const assertRecipient = orOutOfReach(assertPresent, neighbours);
  const assertOpen = (): void => assertRelaying(relaying);
  const parts = { bus, neighbours, assertRecipient, assertOpen, fetched, clock, ids, random, logger };
  const counting = { countForwarded: countForwarded(metrics), countMail: countMail(metrics) };
  const mailboxes = await startMailboxes({ ...options, domain }, { ...parts, ...counting });
  const regions = showRegions({ bus, domain, neighbours, mailboxes, metrics, startedAtMs: clock.now() });
  const access = startMailAccess({ bus, domain, outbox, clock, ids, logger });
  const sharing = startSharing({ bus, clock, ids, replicas });
  const topics = await startTopics({
    ...{ bus, domain, clock, ids, random, logger, assertOpen, leaseMs: options.leaseMs },
    ...{ replicas, retention: options.topics ?? TOPICS_BY_DEFAULT },
  });
  const announced = bus.announce({ name: 'communicator', version, description: 'Messages between swarms' });
  return {
    routes: [
      ...messageRoutes(send, get),
      ...access.routes,
      ...sharing.routes,
      ...topics.routes,
      ...regions.routes,
      ...directory.routes,
      ...payloads.routes,
    ],
    get served() {
      return mailboxes.served;
    },
    stop: async () => {
      announced.stop();
      await Promise.all([endpoints.stop(), access.stop()]);
      regions.stop();
      payloads.stop();
      await topics.stop();
      await mailboxes.stop();
      await Promise.all([sharing.stop(), directory.stop()]);
      heartbeats.stop();
    },
    drop: () => {
      payloads.stop();
      topics.drop();
      mailboxes.drop();
    },
  };
}

/** What the domain keeps, and the data of its messages. */
async function openStreams(
  { bus, logger, streams, payloads }: CommunicatorOptions,
  domain: string,
  clock: Clock,
  ids: Ids,
): ReturnType<typeof startPayloads> {
  await ensureMailStreams(bus, domain, streams);
  const store = { domain, replicas: streams.replicas, ...payloads };
  return startPayloads(store, { bus, clock, ids, logger });
}

function outboxOf(
  { bus, mailTryMs = MAIL_TRY_MS }: CommunicatorOptions,
  domain: string,
  clock: Clock,
  ids: Ids,
): Outbox {
  const sites = new MailSites(bus);
  const sender = new MailSender({ bus, sites, clock, tryMs: mailTryMs });
  const payloads = new MailPayloads({ bus, sites, clock, ids });
  return {
    carry: (message: Message) => carryMail(bus, message, domain),
    checkIn: (submission) => payloads.checkedIn(submission, JSON.stringify(submission.data)),
    store: async (message: Message, storing) => {
      const note = await payloads.note(message);
      const stored = await sender.store(message, storing);
      payloads.stored(note, stored);
      return stored;
    },
  };
}

/** @throws MultiswarmError `feature-not-available` where the server is none that this can work on */
async function checkServer(bus: Bus, logger: Logger): Promise<ServerSeen> {
  const seen = await serverSeen(bus);
  const lacking = requireServer(seen);
  logger.info('NATS server', { ...seen, lackingAndNotUsed: lacking });
  return seen;
}

const TOPICS_BY_DEFAULT: TopicRetention = { maxAgeMs: 24 * 60 * 60_000, maxBytes: 64 * 1024 * 1024 };

const COMMON_KINDS: ReadonlySet<string> = new Set(MESSAGE_KINDS);

/** People invent kinds without end; a metric must not have a series for each. */
function countMessages(metrics: Metrics): CountMessage {
  const sent = metrics.counter('multiswarm.messages.sent');
  return (kind, result) => sent.add(1, { kind: COMMON_KINDS.has(kind) ? kind : 'other', result });
}

function countMail(metrics: Metrics): CountMail {
  const delivered = metrics.counter('multiswarm.mail.delivered');
  const bytesDelivered = metrics.counter('multiswarm.mail.delivered.bytes');
  const failed = metrics.counter('multiswarm.mail.failed.tries');
  const dead = metrics.counter('multiswarm.mail.dead');
  return {
    delivered: (bytes) => {
      delivered.add(1);
      bytesDelivered.add(bytes);
    },
    failed: (cause) => failed.add(1, { cause }),
    dead: (cause) => dead.add(1, { cause }),
  };
}
