import type { Settings } from '@multiswarm/service';
import type { MailStreamLimits } from './adapters/jetstream/mail-streams';
import { DRAIN_RULES } from './domain/mailbox/drain-order';
import { MAILBOX_RULES, type MailboxRules } from './domain/mailbox/rules';
import type { Relaying } from './domain/promises';
import type { PayloadLimits } from './payloads';
import type { TopicRetention } from './topics';

/** What the communicator needs of the settings; they are read and checked by `libs/service`. */
export interface CommunicatorConfig {
  natsUrl: string;
  relaying: Relaying;
  domain: string | undefined;
  streams: MailStreamLimits;
  rules: MailboxRules;
  cacheBytes: number;
  leaseMs: number;
  topics: TopicRetention;
  payloads: PayloadLimits;
}

export function toConfig(settings: Settings): CommunicatorConfig {
  return {
    natsUrl: settings.NATS_URL,
    relaying: { crossSwarm: settings.CROSS_SWARM_COMMUNICATION },
    domain: settings.JETSTREAM_DOMAIN === '' ? undefined : settings.JETSTREAM_DOMAIN,
    streams: {
      replicas: settings.STREAM_REPLICAS,
      mailboxBytes: settings.MAILBOX_STORE_BYTES,
      deadMailBytes: settings.DEAD_MAIL_BYTES,
      deadMailAgeMs: settings.DEAD_MAIL_RETENTION_MS,
      conversationBytes: settings.CONVERSATION_STORE_BYTES,
    },
    rules: {
      ...MAILBOX_RULES,
      limit: settings.MAILBOX_LIMIT,
      maxAttempts: settings.MAILBOX_MAX_ATTEMPTS,
      ackWaitMs: settings.MAILBOX_ACK_WAIT_MS,
      drain: { ...DRAIN_RULES, mode: settings.MAILBOX_PRIORITIES },
    },
    cacheBytes: settings.MAILBOX_CACHE_BYTES,
    leaseMs: settings.SHARD_LEASE_MS,
    topics: { maxAgeMs: settings.TOPIC_STREAM_MAX_AGE_MS, maxBytes: settings.TOPIC_STREAM_MAX_BYTES },
    payloads: {
      storeBytes: settings.PAYLOAD_STORE_BYTES,
      graceMs: settings.PAYLOAD_GRACE_MS,
      sweepMs: settings.PAYLOAD_SWEEP_MS,
    },
  };
}
