import type { Bus } from '@multiswarm/bus';
import { MAILBOX_SHARDS, subjects } from '@multiswarm/contracts';
import type { Clock, Ids, Random } from '@multiswarm/core';
import { kvLeases, SharedShards } from '@multiswarm/sharding';
import type { Logger } from '@multiswarm/telemetry';
import { listenForMailbox, tellOwner } from './adapters/bus/mailbox-endpoints';
import { busPostman } from './adapters/bus/postman';
import { watchPulses } from './adapters/bus/pulse-watch';
import { JetStreamMailQueue } from './adapters/jetstream/mail-queue';
import type { MailStreamLimits } from './adapters/jetstream/mail-streams';
import { MailboxOwner } from './application/mailbox-owner';
import type { MailboxRules } from './domain/mailbox/rules';

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
  clock: Clock;
  ids: Ids;
  random: Random;
  logger: Logger;
}

export interface Mailboxes {
  /** Mailbox shards that this replica has. */
  readonly served: number[];
  stop(): Promise<void>;
  /** As if the process were gone. */
  drop(): void;
}

const LEASES = 'ms-mailbox-leases';

/** The share of the mailboxes of its domain that this replica keeps. The streams are there already. */
export async function startMailboxes(options: MailboxOptions, parts: MailboxParts): Promise<Mailboxes> {
  const { domain, leaseMs, rules } = options;
  const { bus, assertRecipient, assertOpen, clock, ids, random, logger } = parts;
  const leases = await kvLeases(bus, { bucket: LEASES, replicas: options.streams.replicas }, clock);
  const room = { left: options.cacheBytes };
  const shards = new SharedShards<MailboxOwner>(
    { replica: ids.next(), shards: MAILBOX_SHARDS, leaseMs, subject: subjects.communicatorAlive(domain) },
    {
      ...{ bus, leases, clock, logger },
      keyOf: (shard) => `mailbox-${shard}`,
      open: (shard, { epoch }) => {
        const place = { domain, shard };
        const queue = new JetStreamMailQueue(bus, place, epoch);
        const postman = busPostman(bus, place);
        return MailboxOwner.open(shard, epoch, {
          ...{ queue, postman, assertRecipient, assertOpen, room, rules, clock, random, logger },
        });
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
  shards.start();
  return {
    get served() {
      return shards.served;
    },
    stop: async () => {
      stopWatching();
      await shards.stop();
      leases.stop();
    },
    drop: () => {
      stopWatching();
      shards.drop();
      leases.stop();
    },
  };
}
