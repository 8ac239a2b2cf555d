import type { Logger, Metrics } from '@multiswarm/telemetry';
import type { Fleet } from '../application/fleet';
import type { GlobalRole } from '../application/global-role';
import type { Meters } from '../application/meters';

/** Metrics and, at level debug, one log line per task with its trace id. */
export function telemetryMeters(metrics: Metrics, logger: Logger): Meters {
  const ended = metrics.counter('multiswarm.tasks.ended');
  const duration = metrics.histogram('multiswarm.task.duration.milliseconds');
  const waited = metrics.histogram('multiswarm.task.queue_wait.milliseconds');
  const commitMs = metrics.histogram('multiswarm.commit.duration.milliseconds');
  const commitSize = metrics.histogram('multiswarm.commit.batch_size');
  const dispatches = metrics.counter('multiswarm.dispatches');
  const decided = metrics.counter('multiswarm.schedules.decided');
  const late = metrics.histogram('multiswarm.schedule.lateness.milliseconds');
  const lost = metrics.counter('multiswarm.attempts.lost');
  return {
    committed: (writes, durationMs) => {
      commitMs.record(durationMs);
      commitSize.record(writes);
    },
    assigned: (priority, waitedMs) => waited.record(waitedMs, { priority }),
    dispatched: (outcome) => dispatches.add(1, { outcome }),
    schedules: {
      decided: (outcome, count) => decided.add(count, { outcome }),
      late: (ms) => late.record(ms),
    },
    lost: (region) => lost.add(1, { region }),
    ended: (record) => {
      const { state, spec, id: taskId, attempt, cost, createdAt, endedAt } = record;
      const attributes = { state };
      ended.add(1, attributes);
      duration.record((endedAt ?? createdAt) - createdAt, attributes);
      logger.debug('task ended', { traceparent: spec.traceparent, taskId, state, attempt, cost });
    },
  };
}

/** Gauges of the global level, read whenever metrics are collected. */
export function globalGauges(metrics: Metrics, global: GlobalRole): void {
  metrics.gauge('multiswarm.shards.owned', () => [[global.ownedShards.length]]);
  metrics.gauge('multiswarm.tasks.queued', () => {
    const scheduler = global.activeScheduler;
    return scheduler ? [[scheduler.queued]] : [];
  });
}

/** Gauges of the fleet, read whenever metrics are collected. */
export function fleetGauges(metrics: Metrics, fleet: Fleet): void {
  metrics.gauge('multiswarm.swarms.connected', () =>
    fleet.regions().map(({ region, swarms }) => [swarms, { region }]),
  );
  metrics.gauge('multiswarm.slots.offered', () =>
    fleet.regions().map(({ region, slots }) => [slots, { region }]),
  );
  metrics.gauge('multiswarm.slots.busy', () =>
    fleet.regions().map(({ region, busySlots }) => [busySlots, { region }]),
  );
}
