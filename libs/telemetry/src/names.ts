/**
 * The one list of metrics. `docs/metrics.md` is made from it, and the instruments take their names and attributes from it.
 *
 * Units are in the names (`.milliseconds`), because the two ways out differ otherwise: a collector that turns OTLP into
 * Prometheus appends the unit's full word unless the name has it already, and our own `/metrics` appends nothing.
 * Counts have a unit in braces, which both ways leave out. Both append `_total` to counters.
 * Attributes have few values: no ids, no free text.
 */
export interface Metric {
  kind: 'counter' | 'histogram' | 'gauge';
  /** UCUM: `ms`, `1` for a share, `{task}` for a count of tasks. */
  unit: string;
  description: string;
  attributes: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  buckets?: readonly number[];
}

const DURATION_MS = [0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];
const TASK_DURATION_MS = [
  1, 5, 10, 50, 100, 500, 1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000,
];
const BATCH = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

export const METRICS = {
  'multiswarm.tasks.submitted': {
    kind: 'counter',
    unit: '{task}',
    description: 'Tasks accepted and committed, steps of workflows included',
    attributes: ['priority'],
  },
  'multiswarm.tasks.ended': {
    kind: 'counter',
    unit: '{task}',
    description: 'Tasks that reached a terminal state',
    attributes: ['state'],
  },
  'multiswarm.task.duration.milliseconds': {
    kind: 'histogram',
    unit: 'ms',
    description: 'From the acceptance of a task to its end',
    attributes: ['state'],
    buckets: TASK_DURATION_MS,
  },
  'multiswarm.task.queue_wait.milliseconds': {
    kind: 'histogram',
    unit: 'ms',
    description: 'From queued to assigned, for each attempt',
    attributes: ['priority'],
    buckets: TASK_DURATION_MS,
  },
  'multiswarm.schedules.decided': {
    kind: 'counter',
    unit: '{time}',
    description: 'Times of schedules by what came of them: started, skipped, missed, failed',
    attributes: ['outcome'],
  },
  'multiswarm.schedule.lateness.milliseconds': {
    kind: 'histogram',
    unit: 'ms',
    description: 'From the instant of a time of a schedule to the acceptance of its run',
    attributes: [],
    buckets: TASK_DURATION_MS,
  },
  'multiswarm.placements': {
    kind: 'counter',
    unit: '{placement}',
    description: 'Answers of the load-balancer: placed, or why not',
    attributes: ['result'],
  },
  'multiswarm.health.swarms': {
    kind: 'gauge',
    unit: '{swarm}',
    description: 'Swarms by their state of health, as this load-balancer sees them',
    attributes: ['state'],
  },
  'multiswarm.health.changes': {
    kind: 'counter',
    unit: '{change}',
    description: 'Changes of the health of swarms, by the state that they came into',
    attributes: ['to'],
  },
  'multiswarm.placement.duration.milliseconds': {
    kind: 'histogram',
    unit: 'ms',
    description: 'Time to place one batch',
    attributes: [],
    buckets: DURATION_MS,
  },
  'multiswarm.custom_policy.batches': {
    kind: 'counter',
    unit: '{batch}',
    description: "Batches about which users' own policies were asked, by what came of it: ranked, failed",
    attributes: ['result'],
  },
  'multiswarm.custom_policy.duration.milliseconds': {
    kind: 'histogram',
    unit: 'ms',
    description: "Time until a user's own policy had answered, or was given up",
    attributes: [],
    buckets: DURATION_MS,
  },
  'multiswarm.commit.duration.milliseconds': {
    kind: 'histogram',
    unit: 'ms',
    description: 'Time of one group commit to Redis',
    attributes: [],
    buckets: DURATION_MS,
  },
  'multiswarm.commit.batch_size': {
    kind: 'histogram',
    unit: '{change}',
    description: 'Changes of tasks and workflows in one group commit',
    attributes: [],
    buckets: BATCH,
  },
  'multiswarm.dispatches': {
    kind: 'counter',
    unit: '{attempt}',
    description: 'Attempts offered to swarms, by what came of it: accepted, refused, unreachable',
    attributes: ['outcome'],
  },
  'multiswarm.attempts.lost': {
    kind: 'counter',
    unit: '{attempt}',
    description: 'Attempts whose swarm went silent or could not be reached again',
    attributes: ['region'],
  },
  'multiswarm.shards.owned': {
    kind: 'gauge',
    unit: '{shard}',
    description: 'Shards that this replica serves; over all replicas as many as SHARDS',
    attributes: [],
  },
  'multiswarm.tasks.queued': {
    kind: 'gauge',
    unit: '{task}',
    description: 'Tasks that wait for a slot, of all shards; shown by the replica that schedules',
    attributes: [],
  },
  'multiswarm.messages.sent': {
    kind: 'counter',
    unit: '{message}',
    description: 'Messages between swarms, by kind (a kind of the user\'s own counts as "other") and result',
    attributes: ['kind', 'result'],
  },
  'multiswarm.mail.delivered': {
    kind: 'counter',
    unit: '{message}',
    description:
      'Stored messages that their recipients have acknowledged, in the mailbox shards of this replica',
    attributes: [],
  },
  'multiswarm.mail.delivered.bytes': {
    kind: 'counter',
    unit: '{byte}',
    description: 'Data of these',
    attributes: [],
  },
  'multiswarm.mail.failed.tries': {
    kind: 'counter',
    unit: '{try}',
    description: 'Tries of stored messages that have failed, by cause',
    attributes: ['cause'],
  },
  'multiswarm.mail.dead': {
    kind: 'counter',
    unit: '{message}',
    description: 'Stored messages that were given up, by cause',
    attributes: ['cause'],
  },
  'multiswarm.mail.forwarded': {
    kind: 'counter',
    unit: '{message}',
    description:
      'Messages for other JetStream domains: stored there, full, fetching (its data is on its way), or the code of what went wrong',
    attributes: ['domain', 'result'],
  },
  'multiswarm.mail.outgoing': {
    kind: 'gauge',
    unit: '{message}',
    description: 'Messages that wait for another JetStream domain, in the mailbox shards of this replica',
    attributes: ['domain'],
  },
  'multiswarm.domains.heard': {
    kind: 'gauge',
    unit: '{domain}',
    description:
      'Whether the communicators of another JetStream domain are heard: 1, or 0 while it is cut off',
    attributes: ['domain'],
  },
  'multiswarm.swarms.connected': {
    kind: 'gauge',
    unit: '{swarm}',
    description: 'Swarms with a live heartbeat',
    attributes: ['region'],
  },
  'multiswarm.slots.offered': {
    kind: 'gauge',
    unit: '{slot}',
    description: 'Slots of the connected swarms',
    attributes: ['region'],
  },
  'multiswarm.slots.busy': {
    kind: 'gauge',
    unit: '{slot}',
    description: 'Slots that hold an attempt',
    attributes: ['region'],
  },
  'multiswarm.http.request.duration.milliseconds': {
    kind: 'histogram',
    unit: 'ms',
    description: 'From the arrival of a request to the end of its answer; streams count until they close',
    attributes: ['method', 'route', 'status'],
    buckets: DURATION_MS,
  },
  'multiswarm.event_loop.delay.milliseconds': {
    kind: 'gauge',
    unit: 'ms',
    description: 'How late timers fire, since the previous reading: p50, p99 and max',
    attributes: ['quantile'],
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
type Named<K extends Metric['kind']> = {
  [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never;
}[MetricName];
export type CounterName = Named<'counter'>;
export type HistogramName = Named<'histogram'>;
export type GaugeName = Named<'gauge'>;

/** The attributes that a metric must be given, by name. */
export type AttributesOf<N extends MetricName> = Record<
  (typeof METRICS)[N]['attributes'][number],
  string | number
>;

/** The name under which Prometheus shows a metric, on both ways out. */
export function prometheusName(name: MetricName): string {
  const base = name.replaceAll('.', '_');
  return METRICS[name].kind === 'counter' ? `${base}_total` : base;
}
