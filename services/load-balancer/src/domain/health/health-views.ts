import type { EndpointHealth, MaintenancePage, MaintenanceWindow } from '@multiswarm/contracts';
import type { Moment } from '../moment';
import type { HealthControls } from './health-controls';
import { occurrenceAt } from './maintenance';
import type { SwarmHealth } from './swarm-health';
import { reasonOf } from './verdict';

/** The health of a swarm as people read it. */
export function healthOf(swarm: SwarmHealth, controls: HealthControls, now: Moment): EndpointHealth {
  const { swarmId, facts, state, allowance, window, latency } = swarm;
  const { slots, region, labels } = facts;
  window.roll(now.monotonicMs);
  const until = untilOf(swarm, now);
  const forced = controls.forcedOf(swarmId);
  const next = controls.windowOf({ swarmId, region, labels }, now.wallMs);
  return {
    ...{ swarmId, region, state, slots, allowance },
    since: instant(swarm.stateSinceWallMs),
    reason: reasonOf(swarm),
    isPanic: swarm.isPanicked,
    window: { attempts: window.volume, failures: window.failures, success: window.success },
    latency: latency.estimate,
    ...(until === undefined ? {} : { until }),
    ...(forced === undefined ? {} : { forced }),
    ...(next === undefined
      ? {}
      : {
          maintenance: {
            ...{ id: next.window.id, why: next.window.why },
            ...{ from: instant(next.fromMs), until: instant(next.untilMs) },
          },
        }),
  };
}

/** A window with its present or next time. */
export function windowOf(window: MaintenanceWindow, wallMs: number): MaintenancePage['items'][number] {
  const occurrence = occurrenceAt(window, wallMs);
  if (occurrence === undefined) return { ...window, isActive: false };
  const { fromMs, untilMs } = occurrence;
  return { ...window, isActive: wallMs >= fromMs, next: { from: instant(fromMs), until: instant(untilMs) } };
}

/** What ends by the monotonic clock, as a time of the wall clock. */
function untilOf({ state, force, breaker, ejection }: SwarmHealth, now: Moment): string | undefined {
  if (force !== undefined) return undefined;
  const untilMs = state === 'open' ? breaker.untilMs : state === 'ejected' ? ejection.untilMs : undefined;
  return untilMs === undefined ? undefined : instant(now.wallMs + untilMs - now.monotonicMs);
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
