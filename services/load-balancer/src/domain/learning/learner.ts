import type { Random } from '@multiswarm/core';
import { drawFrom, type Draw } from './posterior';
import { TypeKnowledge, type Pair, type Worth } from './type-knowledge';

/** How much of its pairs a learner that is full forgets at once. */
const FORGOTTEN = 1 / 8;

export interface LearnerOptions extends Worth {
  /** After this time an attempt counts half. */
  halfLifeMs: number;
  /** Pairs of a type and a class. */
  pairs: number;
  /** Namespaces of which nothing is learned. */
  isOff: (namespace: string) => boolean;
}

/** How one attempt has ended, and where. */
export interface Observation {
  namespace: string;
  type: string;
  swarmClass: string;
  outcome: 'succeeded' | 'failed';
  durationMs: number | undefined;
  costPerSlotHour: number;
}

/** What is expected of a type on a class. Times are of attempts that have succeeded. */
export interface Estimate {
  /** Attempts, decayed. */
  samples: number;
  successRate: number;
  meanMs: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
}

/** Learns from how attempts end what to expect of each type of work on each class of swarms. */
export class Learner {
  private readonly types = new Map<string, TypeKnowledge>();
  private size = 0;
  private nowMs = 0;

  constructor(private readonly options: LearnerOptions) {}

  /** Whether choices for a namespace may rest on what was learned. */
  isOn(namespace: string): boolean {
    return !this.options.isOff(namespace);
  }

  /** Says what time it is. */
  advance(nowMs: number): void {
    this.nowMs = Math.max(this.nowMs, nowMs);
  }

  observe(observation: Observation, nowMs: number): void {
    const { namespace, type, swarmClass, outcome, durationMs, costPerSlotHour } = observation;
    if (!this.isOn(namespace)) return;
    this.advance(nowMs);
    const known = this.types.get(type);
    const knowledge = known ?? new TypeKnowledge(this.options.halfLifeMs);
    if (known === undefined) this.types.set(type, knowledge);
    const attempt = { succeeded: outcome === 'succeeded', durationMs, costPerSlotHour };
    if (!knowledge.observe(swarmClass, attempt, this.nowMs)) return;
    this.size += 1;
    if (this.size > this.options.pairs) this.forgetOldest();
  }

  /** Undefined where no attempt of the type has succeeded on the class. */
  estimate(type: string, swarmClass: string): Estimate | undefined {
    const knowledge = this.types.get(type);
    const evidence = knowledge?.pairs.get(swarmClass)?.evidence;
    const p50Ms = evidence?.quantile(0.5);
    if (knowledge === undefined || evidence === undefined || p50Ms === undefined) return undefined;
    const { successes, failures } = evidence.at(this.nowMs);
    const { success, logMs } = knowledge.posterior(swarmClass, this.nowMs);
    return {
      samples: successes + failures,
      successRate: success,
      meanMs: Math.exp(logMs),
      p50Ms,
      p90Ms: evidence.quantile(0.9) ?? p50Ms,
      p99Ms: evidence.quantile(0.99) ?? p50Ms,
    };
  }

  /** One draw of what may be true of the type on the class: by these, classes are compared. */
  draw(type: string, swarmClass: string, costPerSlotHour: number, random: Random): Draw {
    const knowledge = this.types.get(type) ?? NOTHING_KNOWN;
    const posterior = knowledge.posterior(swarmClass, this.nowMs);
    return drawFrom(posterior, costPerSlotHour, knowledge.stakesAt(this.nowMs, this.options), random);
  }

  private forgetOldest(): void {
    const all: { type: string; swarmClass: string; pair: Pair }[] = [];
    for (const [type, { pairs }] of this.types)
      for (const [swarmClass, pair] of pairs) all.push({ type, swarmClass, pair });
    all.sort((a, b) => a.pair.lastMs - b.pair.lastMs);
    for (const { type, swarmClass } of all.slice(0, Math.ceil(all.length * FORGOTTEN)))
      this.forget(type, swarmClass);
  }

  private forget(type: string, swarmClass: string): void {
    const knowledge = this.types.get(type);
    if (!knowledge?.pairs.has(swarmClass)) return;
    knowledge.remove(swarmClass);
    this.size -= 1;
    if (knowledge.pairs.size === 0) this.types.delete(type);
  }
}

const NOTHING_KNOWN = new TypeKnowledge(Infinity);
