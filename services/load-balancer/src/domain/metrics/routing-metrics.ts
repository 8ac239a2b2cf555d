import type { RoutingMetrics } from '@multiswarm/contracts';
import type { DecisionRecord } from '../decisions/decision-log';
import { isPlaced } from '../engine/decision';
import { takesNoWork } from '../engine/idle';
import type { SwarmState } from '../swarm-seen';
import type { End } from './end-log';

/** The window of the metrics, where so much is kept. */
export const WINDOW_MS = 60_000;

export interface Facts {
  /** Newest first; as they were at `now`. */
  readonly decisions: Iterable<DecisionRecord>;
  readonly ends: Iterable<End>;
  /** How far back all decisions and ends are known: before that some have made room. */
  readonly knownMs: number;
  readonly swarms: Iterable<{ state: SwarmState; slots: number; busy: number }>;
  readonly now: { wallMs: number; monotonicMs: number };
  readonly responseTimeThresholdMs: number;
}

type Ended = Pick<RoutingMetrics, 'ended' | 'successRate' | 'averageResponseTimeMs'>;

/** What happened in the window. Pure: nothing is counted while requests are placed. */
export function routingMetrics(facts: Facts): Omit<RoutingMetrics, 'replica'> {
  const { now, knownMs, responseTimeThresholdMs } = facts;
  const windowMs = Math.min(WINDOW_MS, Math.max(0, knownMs));
  const decisions = takeWhile(facts.decisions, ({ atMs }) => atMs > now.wallMs - windowMs);
  const ends = takeWhile(facts.ends, ({ atMs }) => atMs > now.monotonicMs - windowMs);
  const placed = decisions.filter(({ outcome }) => isPlaced(outcome)).length;
  const timed = ends.filter(({ durationMs }) => durationMs !== undefined);
  const slow = timed.filter(({ durationMs = 0 }) => durationMs > responseTimeThresholdMs).length;
  return {
    ...{ windowMs, requests: decisions.length, placed, waiting: decisions.length - placed },
    requestsPerSecond: windowMs === 0 ? 0 : (decisions.length * 1_000) / windowMs,
    ...endedOf(ends),
    slowShare: timed.length === 0 ? null : slow / timed.length,
    responseTimeThresholdMs,
    endpoints: endpointsOf(facts.swarms),
    policies: byPolicy(decisions, ends),
  };
}

function endpointsOf(swarms: Facts['swarms']): RoutingMetrics['endpoints'] {
  const found = { known: 0, active: 0, slots: 0, busySlots: 0 };
  for (const { state, slots, busy } of swarms) {
    found.known += 1;
    if (takesNoWork(state)) continue;
    found.active += 1;
    found.slots += slots;
    found.busySlots += Math.min(slots, busy);
  }
  return found;
}

function byPolicy(decisions: readonly DecisionRecord[], ends: readonly End[]): RoutingMetrics['policies'] {
  const policies = new Map<string, { requests: number; placed: number; ends: End[] }>();
  const asked = new Map<string, string>();
  for (const { policy, outcome } of decisions) {
    const one = policies.get(policy) ?? { requests: 0, placed: 0, ends: [] };
    policies.set(policy, one);
    one.requests += 1;
    if (!isPlaced(outcome)) continue;
    one.placed += 1;
    asked.set(outcome.reservationId, policy);
  }
  for (const end of ends) policies.get(asked.get(end.reservationId) ?? '')?.ends.push(end);
  return [...policies]
    .map(([policy, { requests, placed, ends: own }]) => ({ policy, requests, placed, ...endedOf(own) }))
    .sort((a, b) => b.requests - a.requests || (a.policy < b.policy ? -1 : 1));
}

function endedOf(ends: readonly End[]): Ended {
  const times = ends.flatMap(({ durationMs }) => (durationMs === undefined ? [] : [durationMs]));
  return {
    ended: ends.length,
    successRate: mean(ends.map(({ succeeded }) => (succeeded ? 1 : 0))),
    averageResponseTimeMs: mean(times),
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function takeWhile<T>(all: Iterable<T>, holds: (one: T) => boolean): T[] {
  const taken: T[] = [];
  for (const one of all) {
    if (!holds(one)) break;
    taken.push(one);
  }
  return taken;
}
