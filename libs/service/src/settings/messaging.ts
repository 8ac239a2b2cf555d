import { LIMITS } from '@multiswarm/contracts';
import { setting } from './setting';
import { integer, matching, oneOf } from './value-types';

const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_MS = 365 * DAY_MS;

/** Settings of messages between swarms. */
export const MESSAGING_SETTINGS = {
  JETSTREAM_DOMAIN: setting({
    type: matching('a name without dots and spaces', /^([A-Za-z0-9][\w-]{0,63})?$/),
    default: '',
    description:
      'The JetStream domain whose mailboxes the communicator keeps: one for each region that goes on by itself while it is cut off. Unless set, that of the nats-server, or `hub` where that has none. Another one than the server has is refused.',
    services: ['communicator'],
    since: 'now',
  }),
  MAILBOX_STORE_BYTES: setting({
    type: integer(16 * 1024 * 1024, 2 ** 50),
    default: 256 * 1024 * 1024,
    unit: 'bytes',
    description:
      'Room for messages that are not acknowledged, of all mailboxes of the domain. What is full refuses what is new. NATS sets so much of its storage aside.',
    services: ['communicator'],
    since: 'now',
  }),
  MAILBOX_LIMIT: setting({
    type: integer(1, 1_000_000),
    default: LIMITS.MAILBOX_MESSAGES,
    unit: 'messages',
    description: 'Unacknowledged messages of one mailbox; senders are refused with `mailbox-full` beyond.',
    services: ['communicator'],
    since: 'now',
  }),
  MAILBOX_MAX_ATTEMPTS: setting({
    type: integer(1, 1_000),
    default: LIMITS.MAIL_ATTEMPTS,
    description: 'Failed tries after which a message is a dead letter.',
    services: ['communicator'],
    since: 'now',
  }),
  MAILBOX_ACK_WAIT_MS: setting({
    type: integer(1_000, MAX_MS),
    default: 30_000,
    unit: 'ms',
    description: 'A message that is neither acknowledged nor extended for so long is handed over again.',
    services: ['communicator'],
    since: 'now',
  }),
  MAILBOX_PRIORITIES: setting({
    type: oneOf(['weighted', 'strict']),
    default: 'weighted',
    description:
      'How a mailbox is emptied: by weights (60, 25, 10, 5 of a hundred), or always the most urgent first. In both, what waits grows more urgent.',
    services: ['communicator'],
    since: 'now',
  }),
  MAILBOX_CACHE_BYTES: setting({
    type: integer(1024 * 1024, 2 ** 40),
    default: 128 * 1024 * 1024,
    unit: 'bytes',
    description:
      'Messages that wait and are kept in memory by one communicator; others are read again when they are handed over.',
    services: ['communicator'],
    since: 'now',
  }),
  DEAD_MAIL_BYTES: setting({
    type: integer(1024 * 1024, 2 ** 50),
    default: 64 * 1024 * 1024,
    unit: 'bytes',
    description: 'Room for messages that were given up. While it is full they stay in their mailboxes.',
    services: ['communicator'],
    since: 'now',
  }),
  DEAD_MAIL_RETENTION_MS: setting({
    type: integer(60_000, MAX_MS),
    default: 14 * DAY_MS,
    unit: 'ms',
    description: 'Messages that were given up are kept so long (14 days).',
    services: ['communicator'],
    since: 'now',
  }),
  CONVERSATION_STORE_BYTES: setting({
    type: integer(1024 * 1024, 2 ** 50),
    default: 64 * 1024 * 1024,
    unit: 'bytes',
    description:
      'Room for the states that handlers keep of conversations (`onExactlyOnce`). What is full refuses what is new.',
    services: ['communicator'],
    since: 'now',
  }),
} as const;
