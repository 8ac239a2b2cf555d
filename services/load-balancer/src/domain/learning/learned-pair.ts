import type { Evidence, Sums } from './evidence';
import type { PairName, RememberedPair } from './memory';
import { costOf, type Posterior } from './posterior';
import type { Estimate, TypeKnowledge, Worth } from './type-knowledge';

const MS_PER_HOUR = 3_600_000;

/** As people read it. */
export interface LearnedPair extends PairName {
  /** Attempts that were ever heard of. */
  seen: number;
  /** Decayed. */
  successes: number;
  failures: number;
  successRate: number;
  /** USD: what its slots have cost on average, and an attempt. */
  costPerSlotHour: number;
  costPerAttempt: number;
  /** USD: what is expected until one has succeeded, at that price, with what failures cost beside their slots. */
  costToSuccess: number;
  /** Undefined where none has succeeded. */
  durations: Omit<Estimate, 'samples' | 'successRate'> | undefined;
  /** When the last attempt ended, ms on the clock of learning. */
  lastMs: number;
}

/** Undefined where no attempt is known to have succeeded. */
export function estimateOf(
  knowledge: TypeKnowledge | undefined,
  swarmClass: string,
  nowMs: number,
): Estimate | undefined {
  const pair = knowledge?.pairs.get(swarmClass);
  if (knowledge === undefined || pair === undefined) return undefined;
  const posterior = knowledge.posterior(swarmClass, nowMs);
  if (pair.estimated?.posterior === posterior) return pair.estimated.estimate;
  const durations = durationsOf(pair.evidence, posterior);
  if (durations === undefined) return undefined;
  const { successes, failures } = pair.evidence.at(nowMs);
  const estimate = { samples: successes + failures, successRate: posterior.success, ...durations };
  pair.estimated = { posterior, estimate };
  return estimate;
}

export function learnedPair(remembered: RememberedPair, nowMs: number, worth: Worth): LearnedPair {
  const { type, swarmClass, knowledge, pair } = remembered;
  const sums = pair.evidence.at(nowMs);
  const posterior = knowledge.posterior(swarmClass, nowMs);
  const costPerSlotHour = quotient(sums.cost, (sums.ms + sums.failedMs) / MS_PER_HOUR);
  const failures = 1 / posterior.success - 1;
  const stakes = knowledge.stakesAt(nowMs, worth);
  return {
    ...{ type, swarmClass, costPerSlotHour },
    seen: pair.evidence.seen,
    successes: sums.successes,
    failures: sums.failures,
    successRate: posterior.success,
    costPerAttempt: quotient(sums.cost, timedOf(sums)),
    costToSuccess: costOf(
      Math.exp(posterior.logMs),
      failures,
      posterior.failedRatio,
      costPerSlotHour,
      stakes,
    ),
    durations: durationsOf(pair.evidence, posterior),
    lastMs: pair.lastMs,
  };
}

function durationsOf(evidence: Evidence, { logMs }: Posterior): LearnedPair['durations'] {
  const [p50Ms, p90Ms, p99Ms] = [0.5, 0.9, 0.99].map((q) => evidence.quantile(q));
  if (p50Ms === undefined || p90Ms === undefined || p99Ms === undefined) return undefined;
  return { meanMs: Math.exp(logMs), p50Ms, p90Ms, p99Ms };
}

function timedOf({ timed, failedTimed }: Sums): number {
  return timed + failedTimed;
}

function quotient(sum: number, by: number): number {
  return by > 0 ? sum / by : 0;
}
