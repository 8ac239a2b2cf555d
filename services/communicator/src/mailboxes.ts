import type { Bus } from '@multiswarm/bus';
import { MAILBOX_SHARDS, subjects, type OutgoingMail } from '@multiswarm/contracts';
import { every, type Cancel, type Clock, type Ids, type Random } from '@multiswarm/core';
import { kvLeases, SharedShards } from '@multiswarm/sharding';
import type { Logger } from '@multiswarm/telemetry';
import { busDomainPost } from './adapters/bus/domain-post';
import { followDomains } from './adapters/bus/domains';
import { listenForMailbox, tellOwner } from './adapters/bus/mailbox-endpoints';
import { busPostman } from './adapters/bus/postman';
import { watchPulses } from './adapters/bus/pulse-watch';
import { JetStreamMailQueue } from './adapters/jetstream/mail-queue';
import type { MailStreamLimits } from './adapters/jetstream/mail-streams';
import { MailboxOwner } from './application/mailbox-owner';
import type { Regions } from './application/region-desk';
import type { MailboxRules } from './domain/mailbox/rules';
import { type Neighbours } from './domain/regions/neighbours';
import type { CountForwarded, CountMail, FetchPayload } from './ports';

export interface MailboxOptions {
  /** The JetStream domain whose mailboxes are kept. */
  domain: string;
  streams: MailStreamLimits;
  rules: MailboxRules;
  /** Bodies of messages that are kept in memory. */
  cacheBytes: number;
  /** How long a replica that is silent keeps its mailbox shards, milliseconds. */
  leaseMs: number;
}

export interface MailboxParts {
  bus: Bus;
  /** Throws `recipient-unknown` where no swarm of that name is connected. */
  assertRecipient: (to: string) => void;
  /** Throws `feature-not-available` where messages are switched off. */
  assertOpen: () => void;
  /** The other domains. */
  neighbours: Neighbours;
  countForwarded: CountForwarded;
  countMail: CountMail;
  /** Brings payloads of other domains. */
  fetched: FetchPayload;
  clock: Clock;
  ids: Ids;
  random: Random;
  logger: Logger;
}

export interface Mailboxes {
  /** Mailbox shards that this replica has. */
  readonly served: number[];
  /** What waits for other domains in these. */
  outgoing(): OutgoingMail[];
  stop(): Promise<void>;
  /** As if the process were gone. */
  drop(): void;
}

const LEASES = 'ms-mailbox-leases';
const LOOKS_PER_LEASE = 5;
const ASK_AGAIN_MS = 60_000;

/** The share of the mailboxes of its domain that this replica keeps. The streams are there already. */
export async function startMailboxes(options: MailboxOptions, parts: MailboxParts): Promise<Mailboxes> {
  const { domain, leaseMs, rules } = options;
  const { bus, assertRecipient, assertOpen, countMail, clock, ids, random, logger } = parts;
  const leases = await kvLeases(bus, { bucket: LEASES, replicas: options.streams.replicas }, clock);
  const room = { left: options.cacheBytes };
  const regions = regionsOf(options, parts);
  const shared = { regions, assertRecipient, assertOpen, countMail, room, rules, clock, random, logger };
  const shards = new SharedShards<MailboxOwner>(
    { replica: ids.next(), shards: MAILBOX_SHARDS, leaseMs, subject: subjects.communicatorAlive(domain) },
    {
      ...{ bus, leases, clock, logger },
      keyOf: (shard) => `mailbox-${shard}`,
      open: (shard, { epoch }) => {
        const place = { domain, shard };
        const queue = new JetStreamMailQueue(bus, place, epoch, clock);
        const postman = busPostman(bus, (error) =>
          logger.warn('messages could not be handed over', { error }),
        );
        return MailboxOwner.open(shard, epoch, { ...shared, queue, postman });
      },
      serve: () => () => undefined,
      listen: (owner) => listenForMailbox(bus, { domain, shard: owner.shard }, owner),
    },
  );
  bus.onDisconnect(() => shards.owners().forEach((owner) => owner.cutOff()));
  bus.onReconnect(() => {
    for (const owner of shards.owners()) {
      owner.reconnected();
      tellOwner(bus, { domain, shard: owner.shard });
    }
  });
  const stopWatching = watchPulses(bus, clock, (readers) => {
    for (const owner of shards.owners()) owner.readersGone(readers);
  });
  const stopFollowing = follow(options, parts, (other) => {
    for (const owner of shards.owners()) owner.domainHeard(other);
  });
  shards.start();
  return {
    get served() {
      return shards.served;
    },
    outgoing: () => shards.owners().flatMap((owner) => owner.outgoing()),
    stop: async () => {
      stopWatching();
      stopFollowing();
      await shards.stop();
      leases.stop();
    },
    drop: () => {
      stopWatching();
      stopFollowing();
      shards.drop();
      leases.stop();
    },
  };
}

function regionsOf(
  { domain, rules }: MailboxOptions,
  { bus, neighbours, countForwarded, fetched }: MailboxParts,
): Regions {
  return {
    domain,
    post: busDomainPost(bus, rules.ackWaitMs),
    neighbour: (other) => neighbours.get(other),
    heard: () => neighbours.heardNow(),
    count: countForwarded,
    fetched,
  };
}

/** Tells which domains are heard when they are found or back, and now and then: announcements are sent at most once. */
function follow(
  { domain, leaseMs }: MailboxOptions,
  { bus, neighbours, clock, logger }: MailboxParts,
  onHeard: (domain: string) => void,
): Cancel {
  const lookMs = leaseMs / LOOKS_PER_LEASE;
  const stopFollowing = followDomains(bus, { domain, neighbours, clock, logger, lookMs, onHeard });
  const stopAsking = every(clock, ASK_AGAIN_MS, () => neighbours.heardNow().forEach(onHeard));
  return () => {
    stopAsking();
    stopFollowing();
  };
}
