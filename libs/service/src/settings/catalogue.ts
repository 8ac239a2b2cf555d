import { POLICIES } from '@multiswarm/contracts';
import { LOG_LEVELS } from '@multiswarm/telemetry';
import { LATER_SETTINGS } from './later';
import { MESSAGING_SETTINGS } from './messaging';
import { ROUTING_SETTINGS } from './routing';
import { SERVICES, setting, type ServiceName } from './setting';
import { either, flag, integer, listOf, matching, oneOf, share, url, urls } from './value-types';

const ALL = SERVICES;
const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_MS = 365 * DAY_MS;
/** Keywords of policies that have another name here; see `POLICY_ALIASES` of the load-balancer. */
const OTHER_NAMES = ['weighted-round-robin', 'least-response-time', 'resource-based'] as const;
const ALGORITHMS = [...POLICIES, ...OTHER_NAMES] as const;

/**
 * The one table of settings. The names are environment variables; a file uses them in lower case (`max_regions`) or in
 * camel case (`maxRegions`). `docs/configuration.md` is made from this table.
 */
export const SETTINGS = {
  ENV: setting({
    type: oneOf(['development', 'test', 'production']),
    default: 'development',
    description: 'Names the deployment in traces and metrics (`deployment.environment.name`).',
    services: ALL,
    since: 'now',
  }),
  HOST: setting({
    type: matching('a host name or an address', /^[\w.:-]+$/),
    default: '127.0.0.1',
    description: 'The address to listen on. Containers set 0.0.0.0.',
    services: ALL,
    since: 'now',
  }),
  ORCHESTRATOR_PORT: setting({
    type: integer(0, 65_535),
    default: 8080,
    description: 'HTTP port of the orchestrator. 0 takes a free one, which the line "listening" names.',
    services: ['orchestrator'],
    since: 'now',
  }),
  LOAD_BALANCER_PORT: setting({
    type: integer(0, 65_535),
    default: 8081,
    description: 'HTTP port of the load-balancer. 0 takes a free one.',
    services: ['load-balancer'],
    since: 'now',
  }),
  COMMUNICATOR_PORT: setting({
    type: integer(0, 65_535),
    default: 8082,
    description: 'HTTP port of the communicator. 0 takes a free one.',
    services: ['communicator'],
    since: 'now',
  }),
  NATS_URL: setting({
    type: urls('nats', 'tls'),
    default: 'nats://127.0.0.1:4222',
    description: 'The NATS servers.',
    services: ALL,
    since: 'now',
  }),
  REDIS_URL: setting({
    type: url('redis', 'rediss'),
    default: 'redis://127.0.0.1:6379',
    description: 'The Redis server that holds the truth.',
    services: ['orchestrator', 'load-balancer'],
    since: 'now',
  }),
  LOG_LEVEL: setting({
    type: oneOf(LOG_LEVELS),
    default: 'info',
    description: 'Lines below this level are not written. Logs go to stderr.',
    services: ALL,
    since: 'now',
  }),
  LOG_FORMAT: setting({
    type: oneOf(['json', 'text']),
    default: 'json',
    description: 'One JSON object per line, or lines for people.',
    services: ALL,
    since: 'now',
  }),
  SHUTDOWN_GRACE_MS: setting({
    type: integer(0, 10 * 60_000),
    default: 10_000,
    unit: 'ms',
    description: 'Time to finish what is in flight after SIGTERM; then the process ends with exit code 1.',
    services: ALL,
    since: 'now',
  }),

  MAX_REGIONS: setting({
    type: integer(1, 1_000),
    default: 5,
    unit: 'regions',
    description:
      'Regions that may have swarms at the same time. The first swarm of one region more is refused.',
    services: ['orchestrator'],
    since: 'now',
  }),
  MAX_SWARMS_PER_REGION: setting({
    type: integer(1, 100_000),
    default: 100,
    unit: 'swarms',
    description:
      'Swarms that one region may have; one more is refused. It guards against runaway registration, hence well above the ten or twenty of a typical region.',
    services: ['orchestrator'],
    since: 'now',
  }),
  LOAD_BALANCING_ALGORITHM: setting({
    type: either(
      oneOf(ALGORITHMS),
      matching('custom:name of CUSTOM_POLICIES', /^custom:[a-z0-9][a-z0-9-]{0,63}$/),
    ),
    default: 'hybrid',
    description:
      'How the load-balancer chooses among the swarms that can run a task and have a free slot: see [routing](routing.md). `weighted-round-robin` is `weighted`, `least-response-time` is `least-latency`, `resource-based` is `least-loaded`. `custom:name` is one of your own, which CUSTOM_POLICIES has to name.',
    services: ['load-balancer'],
    since: 'now',
  }),
  CROSS_SWARM_COMMUNICATION: setting({
    type: flag(),
    default: true,
    description: 'Whether the communicator relays messages between swarms.',
    services: ['communicator'],
    since: 'now',
    aliases: ['cross_swarm_communication_enabled'],
  }),
  ...MESSAGING_SETTINGS,
  SUCCESS_RATE_THRESHOLD: setting({
    type: share(),
    default: 0.95,
    description: '`/status` is degraded while the share of tasks that succeeded is below this.',
    services: ['orchestrator'],
    since: 'now',
  }),
  RESOURCE_UTILIZATION_THRESHOLD: setting({
    type: share(),
    default: 0.85,
    description: '`/status` is degraded while the share of busy slots is above this.',
    services: ['orchestrator'],
    since: 'now',
  }),

  SHARDS: setting({
    type: integer(1, 1_024),
    default: 16,
    unit: 'shards',
    description:
      'Partitions of the state. Fixed once the data exists: a start with another number is refused.',
    services: ['orchestrator'],
    since: 'now',
  }),
  ORCHESTRATOR_ROLES: setting({
    type: listOf(oneOf(['global', 'regional'])),
    default: ['global', 'regional'],
    description: 'What this replica does: own shards and schedule (global), coordinate regions (regional).',
    services: ['orchestrator'],
    since: 'now',
  }),
  ORCHESTRATOR_REGIONS: setting({
    type: listOf(matching('region names, or * for all', /^(\*|[A-Za-z0-9][A-Za-z0-9_-]*)$/)),
    default: ['*'],
    description: 'The regions that this replica may coordinate.',
    services: ['orchestrator'],
    since: 'now',
  }),
  SHARD_LEASE_MS: setting({
    type: integer(500, 10 * 60_000),
    default: 5_000,
    unit: 'ms',
    description:
      'Ownership of a shard, the scheduler, a region or a part of the mailboxes ends so long after its last renewal.',
    services: ['orchestrator', 'communicator'],
    since: 'now',
  }),
  SHARD_LEASE_RENEW_MS: setting({
    type: integer(100, 5 * 60_000),
    default: 1_500,
    unit: 'ms',
    description: 'How often ownership is renewed. At most half of SHARD_LEASE_MS.',
    services: ['orchestrator'],
    since: 'now',
  }),
  ATTEMPT_LEASE_MS: setting({
    type: integer(500, 60 * 60_000),
    default: 10_000,
    unit: 'ms',
    description:
      'How long a dispatch that its region does not answer is repeated; then the attempt counts as lost, and runs elsewhere.',
    services: ['orchestrator'],
    since: 'now',
  }),
  SLOT_KEPT_MS: setting({
    type: integer(0, 1_000),
    default: 100,
    unit: 'ms',
    description:
      'How long a slot that came free while nothing waited is kept for the next task of its kind, which then starts without a question to the load-balancer. 0: not at all.',
    services: ['orchestrator'],
    since: 'now',
  }),
  HEARTBEAT_MS: setting({
    type: integer(50, 5 * 60_000),
    default: 2_000,
    unit: 'ms',
    description:
      'How often coordinators say which attempts their swarms hold. (A swarm that misses three of its own heartbeats, by default 2 s apart, loses its attempts.)',
    services: ['orchestrator', 'load-balancer', 'communicator'],
    since: 'now',
  }),
  REGION_TIMEOUT_MS: setting({
    type: integer(1_000, 24 * 60 * 60_000),
    default: 30_000,
    unit: 'ms',
    description: 'A region that is silent for so long loses its attempts, which then run in other regions.',
    services: ['orchestrator'],
    since: 'now',
  }),
  DEFAULT_SWARM_CAPACITY: setting({
    type: integer(1, 10_000),
    default: 100,
    unit: 'slots',
    description:
      'Slots of an external endpoint that is registered without saying how many it has. Swarms always say it themselves.',
    services: ['load-balancer'],
    since: 'now',
  }),
  RESERVATION_HOLD_MS: setting({
    type: integer(100, 10 * 60_000),
    default: 10_000,
    unit: 'ms',
    description: 'How long the load-balancer keeps a reserved slot that nobody confirms.',
    services: ['load-balancer'],
    since: 'now',
  }),
  ...ROUTING_SETTINGS,
  HEALTH_FAILURES_IN_ROW: setting({
    type: integer(0, 1_000),
    default: 5,
    unit: 'attempts',
    description:
      'Failures in a row of one swarm that open its circuit breaker; of types that fail elsewhere too it takes more. 0: none opens by them.',
    services: ['load-balancer'],
    since: 'now',
  }),
  HEALTH_LEAST_SUCCESS: setting({
    type: share(),
    default: 0.5,
    description:
      'Share of attempts that went well, over half a minute and twenty attempts, below which the circuit breaker of a swarm opens. 0: none opens by it.',
    services: ['load-balancer'],
    since: 'now',
  }),
  HEALTH_MOST_EJECTED: setting({
    type: share(),
    default: 0.1,
    description: 'Share of the fleet that may be out at once as outliers. 0: nobody is ejected.',
    services: ['load-balancer'],
    since: 'now',
  }),
  HEALTH_SLOW_START_MS: setting({
    type: integer(0, 60 * 60_000),
    default: 10_000,
    unit: 'ms',
    description:
      'How long a swarm that joins others, or has recovered, is given more and more until it has all its slots. 0: all at once.',
    services: ['load-balancer'],
    since: 'now',
  }),
  HEALTH_PANIC_BELOW: setting({
    type: share(),
    default: 0.5,
    description:
      'Share of swarms that must be well; below it those that are not get work too, after all others. 0: never.',
    services: ['load-balancer'],
    since: 'now',
  }),
  TASK_RETENTION_MS: setting({
    type: integer(1_000, MAX_MS),
    default: 7 * DAY_MS,
    unit: 'ms',
    description: 'Ended tasks and workflows are kept so long (7 days).',
    services: ['orchestrator'],
    since: 'now',
  }),
  PAYLOAD_STORE_BYTES: setting({
    type: integer(1024 * 1024, 2 ** 50),
    default: 512 * 1024 * 1024,
    unit: 'bytes',
    description:
      'Room for payloads: inputs, outputs and data of messages over 256 KiB; of a communicator, where its JetStream domain has no orchestrator. What is full refuses what is new. NATS sets so much of its storage aside.',
    services: ['orchestrator', 'communicator'],
    since: 'now',
  }),
  PAYLOAD_GRACE_MS: setting({
    type: integer(20 * 60_000, MAX_MS),
    default: 60 * 60_000,
    unit: 'ms',
    description:
      'A payload to which nothing refers is kept for so long after it was last stored or claimed. Longer than one may take to store.',
    services: ['orchestrator', 'communicator'],
    since: 'now',
  }),
  PAYLOAD_SWEEP_MS: setting({
    type: integer(10_000, DAY_MS),
    default: 5 * 60_000,
    unit: 'ms',
    description: 'How often payloads to which nothing refers are looked for; what two looks find is removed.',
    services: ['orchestrator', 'communicator'],
    since: 'now',
  }),
  ATTEMPT_STREAM_BYTES: setting({
    type: integer(1024 * 1024, 2 ** 50),
    default: 256 * 1024 * 1024,
    unit: 'bytes',
    description:
      'Room for what running attempts say: logs, parts of outputs, progress. The oldest goes first. NATS sets so much of its storage aside.',
    services: ['orchestrator'],
    since: 'now',
  }),
  ATTEMPT_STREAM_MS: setting({
    type: integer(60_000, MAX_MS),
    default: DAY_MS,
    unit: 'ms',
    description: 'What attempts have said is kept so long (a day).',
    services: ['orchestrator'],
    since: 'now',
  }),
  COMMIT_REPLICAS: setting({
    type: integer(0, 10),
    default: 0,
    unit: 'replicas',
    description: 'Redis replicas that must have a commit before it is acknowledged (WAIT).',
    services: ['orchestrator'],
    since: 'now',
  }),
  STREAM_REPLICAS: setting({
    type: integer(1, 5),
    default: 1,
    unit: 'servers',
    description:
      'NATS servers that keep each JetStream stream: 3 on a cluster of three, 1 on a single server.',
    services: ['orchestrator', 'communicator'],
    since: 'now',
  }),
  EVENT_STREAM_MAX_AGE_MS: setting({
    type: integer(60_000, MAX_MS),
    default: DAY_MS,
    unit: 'ms',
    description:
      'The stream of events in NATS keeps events at most so long (a day); namespaces may have less, and histories of tasks are kept by TASK_RETENTION_MS.',
    services: ['orchestrator'],
    since: 'now',
  }),
  EVENT_STREAM_MAX_BYTES: setting({
    type: integer(16 * 1024 * 1024, Number.MAX_SAFE_INTEGER),
    default: 512 * 1024 * 1024,
    unit: 'bytes',
    description: 'And at most so many bytes (512 MiB); the oldest go first.',
    services: ['orchestrator'],
    since: 'now',
  }),
  TOPIC_STREAM_MAX_AGE_MS: setting({
    type: integer(60_000, MAX_MS),
    default: 7 * DAY_MS,
    unit: 'ms',
    description: 'Events on topics that were published at least once can be replayed for so long (a week).',
    services: ['communicator'],
    since: 'now',
  }),
  TOPIC_STREAM_MAX_BYTES: setting({
    type: integer(1024 * 1024, Number.MAX_SAFE_INTEGER),
    default: 512 * 1024 * 1024,
    unit: 'bytes',
    description: 'And at most so many bytes of them (512 MiB) in each JetStream domain; the oldest go first.',
    services: ['communicator'],
    since: 'now',
  }),
  REDIS_DURABILITY_CHECK: setting({
    type: flag(),
    default: true,
    description:
      'Refuses to start on a Redis that could forget acknowledged work (no append-only file, or evicting keys).',
    services: ['orchestrator'],
    since: 'now',
  }),
  ...LATER_SETTINGS,
};

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** All settings, by the names of the environment variables. */
export type Settings = { [N in SettingName]: NonNullable<ReturnType<(typeof SETTINGS)[N]['type']['read']>> };

/** The setting that holds the port of each service. */
export const PORT_SETTING = {
  orchestrator: 'ORCHESTRATOR_PORT',
  'load-balancer': 'LOAD_BALANCER_PORT',
  communicator: 'COMMUNICATOR_PORT',
} as const satisfies Record<ServiceName, SettingName>;
