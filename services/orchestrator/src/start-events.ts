import type { Bus } from '@multiswarm/bus';
import { systemClock, type Cancel } from '@multiswarm/core';
import type { Route } from '@multiswarm/service';
import type { Logger } from '@multiswarm/telemetry';
import { EventSweeper } from './adapters/bus/event-sweeper';
import { eventRoute } from './adapters/http/events';
import type { Assembled } from './assemble';
import type { OrchestratorConfig } from './config';

/** How events are read by people, and how long they are there. */
export function startEvents(
  { orchestrator, global }: Assembled,
  bus: Bus,
  config: OrchestratorConfig,
  logger: Logger,
): { route: Route; stop: Cancel } {
  const { namespaces } = orchestrator;
  const clock = systemClock;
  const eventRetentionMs = (name: string): number | undefined => namespaces.settings(name).eventRetentionMs;
  const sweeper = new EventSweeper({
    ...{ bus, clock, retentionMs: eventRetentionMs },
    isResponsible: () => global.activeScheduler !== undefined, // there is one, wherever it is
    hasWork: () => namespaces.limitEvents,
    onFault: (error) => logger.warn('events past their retention were not removed', { error }),
  });
  namespaces.onChange(() => sweeper.forget());
  if (config.global) sweeper.start();
  return {
    route: eventRoute({ bus, logger, clock, shards: config.shards, eventRetentionMs }),
    stop: () => sweeper.stop(),
  };
}
