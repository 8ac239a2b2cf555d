import { matchesPattern, type MaintenanceSelector, type MaintenanceWindow } from '@multiswarm/contracts';

/** So long before it begins a window is announced. */
export const ANNOUNCED_BEFORE_MS = 5 * 60_000;

/** One time of a window, on the wall clock: people plan by it, so a clock that is set moves it. */
export interface Occurrence {
  fromMs: number;
  untilMs: number;
}

/** The time of the window that is now or comes next; undefined when it is over for good. */
export function occurrenceAt(
  { from, until, everyMs }: Pick<MaintenanceWindow, 'from' | 'until' | 'everyMs'>,
  nowMs: number,
): Occurrence | undefined {
  const fromMs = Date.parse(from);
  const lengthMs = Date.parse(until) - fromMs;
  if (nowMs < fromMs + lengthMs) return { fromMs, untilMs: fromMs + lengthMs };
  if (everyMs === undefined) return undefined;
  const passed = Math.floor((nowMs - fromMs) / everyMs);
  const lastMs = fromMs + passed * everyMs;
  const nextMs = nowMs < lastMs + lengthMs ? lastMs : lastMs + everyMs;
  return { fromMs: nextMs, untilMs: nextMs + lengthMs };
}

export type Phase = 'later' | 'announced' | 'active' | 'over';

export function phaseAt(window: Pick<MaintenanceWindow, 'from' | 'until' | 'everyMs'>, nowMs: number): Phase {
  const occurrence = occurrenceAt(window, nowMs);
  if (occurrence === undefined) return 'over';
  if (nowMs >= occurrence.fromMs) return 'active';
  return nowMs >= occurrence.fromMs - ANNOUNCED_BEFORE_MS ? 'announced' : 'later';
}

/** Whether a window is for this swarm: every part of the selector that is given must name it. */
export function isFor(
  { swarms, regions, labels }: MaintenanceSelector,
  swarm: { swarmId: string; region: string; labels: Readonly<Record<string, string>> },
): boolean {
  if (swarms !== undefined && !swarms.includes(swarm.swarmId)) return false;
  if (regions !== undefined && !regions.some((pattern) => matchesPattern(pattern, swarm.region)))
    return false;
  return Object.entries(labels ?? {}).every(([name, value]) => swarm.labels[name] === value);
}
