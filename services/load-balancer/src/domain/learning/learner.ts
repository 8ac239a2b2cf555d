import { LIMITS } from '@multiswarm/contracts';
import type { Random } from '@multiswarm/core';
import type { EvidenceState } from './evidence';
import { estimateOf, learnedPair, type LearnedPair } from './learned-pair';
import { isIn, Memory, type PairName, type Scope } from './memory';
import { drawFrom, drawnCost, type Draw, type Posterior, type Stakes } from './posterior';
import { TypeKnowledge, type Estimate, type Worth } from './type-knowledge';

export interface LearnerOptions extends Worth {
  /** After this time an attempt counts half. */
  halfLifeMs: number;
  /** Pairs of a type and a class that are remembered. */
  pairs: number;
  /** Whether nothing is learned of a namespace, and nothing that was learned is used for it. */
  isOff: (namespace: string) => boolean;
}

/** USD and tries. An hour of waiting is worth so little that it decides only where slots cost nothing. */
export const LEARNER_DEFAULTS = { pairs: LIMITS.LEARNED_PAIRS, hourOfWaiting: 0.001, failedTry: 2 } as const;

/** Of one type on one class. It stays what it is while more is learned. */
export interface Belief {
  readonly posterior: Readonly<Posterior>;
  readonly stakes: Stakes;
  readonly estimate: Estimate | undefined;
}

/** How one attempt has ended, and where. */
export interface Observation extends PairName {
  namespace: string;
  outcome: 'succeeded' | 'failed';
  /** Where it is known. */
  durationMs?: number | undefined;
  /** USD. */
  costPerSlotHour: number;
}

/**
 * Learns from how attempts end what to expect of each type of work on each class of swarms. All times are those of a clock of
 * learning, which stands still while learning is frozen.
 */
export class Learner {
  private readonly memory: Memory;
  private nowMs = 0;
  private frozen = false;
  private pausedMs = 0;

  constructor(private readonly options: LearnerOptions) {
    this.memory = new Memory(options.halfLifeMs, options.pairs);
  }

  /** Whether choices for a namespace may rest on what was learned. */
  isOn(namespace: string): boolean {
    return !this.options.isOff(namespace);
  }

  /** Says what time it is. The clock of learning does not go back, and stands still while it is frozen. */
  advance(nowMs: number): void {
    if (!this.frozen) this.nowMs = Math.max(this.nowMs, nowMs - this.pausedMs);
  }

  /**
   * While it is frozen, it is used, and learns nothing.
   * @param pausedMs for how long it was, all in all, without the time since it last was frozen
   */
  pace({ frozen, pausedMs }: { frozen: boolean; pausedMs: number }): void {
    this.frozen = frozen;
    this.pausedMs = pausedMs;
  }

  observe(
    { namespace, type, swarmClass, outcome, durationMs, costPerSlotHour }: Observation,
    nowMs: number,
  ): void {
    if (this.frozen || !this.isOn(namespace)) return;
    this.advance(nowMs);
    const attempt = { succeeded: outcome === 'succeeded', durationMs, costPerSlotHour };
    this.memory.observe(type, swarmClass, attempt, this.nowMs);
  }

  /** Undefined where no attempt of the type is known to have succeeded on the class. */
  estimate(type: string, swarmClass: string): Estimate | undefined {
    return estimateOf(this.memory.of(type), swarmClass, this.nowMs);
  }

  /** One draw of what may be true of the type on the class. Whoever chooses takes the class with the least `costToSuccess`. */
  draw(type: string, swarmClass: string, costPerSlotHour: number, random: Random): Draw {
    const knowledge = this.memory.of(type) ?? NOTHING_KNOWN;
    const posterior = knowledge.posterior(swarmClass, this.nowMs);
    return drawFrom(posterior, costPerSlotHour, knowledge.stakesAt(this.nowMs, this.options), random);
  }

  /** The `costToSuccess` of one draw for each of the first `count` classes at these prices, written into `into`. */
  drawCosts(
    type: string,
    classes: readonly string[],
    prices: Float64Array,
    count: number,
    random: Random,
    into: Float64Array,
  ): void {
    const knowledge = this.memory.of(type) ?? NOTHING_KNOWN;
    const stakes = knowledge.stakesAt(this.nowMs, this.options);
    for (let at = 0; at < count; at += 1) {
      const posterior = knowledge.drawnFrom(classes[at] as string, this.nowMs);
      into[at] = drawnCost(posterior, prices[at] as number, stakes, random);
    }
  }

  /** What is believed of the type on the class, to draw from it later. */
  belief(type: string, swarmClass: string): Belief {
    const knowledge = this.memory.of(type) ?? NOTHING_KNOWN;
    const posterior = knowledge.posterior(swarmClass, this.nowMs);
    const stakes = knowledge.stakesAt(this.nowMs, this.options);
    return { posterior, stakes, estimate: this.estimate(type, swarmClass) };
  }

  /** @param scope whatever it names; nothing: all */
  forget(scope: Scope): void {
    this.memory.forget(scope);
  }

  /** Takes over what another replica, or an earlier process, has learned, where that is more. */
  adopt(name: PairName, state: EvidenceState): boolean {
    return this.memory.adopt(name, state);
  }

  /** What has changed after the change of this number, the oldest change first; and the number of the last change. */
  changedAfter(change: number): { change: number; pairs: (PairName & { state: EvidenceState })[] } {
    const changed = [...this.memory.pairs()].filter(({ pair }) => pair.change > change);
    const pairs = changed.map(({ type, swarmClass, pair }) => {
      return { type, swarmClass, state: pair.evidence.state(this.nowMs) };
    });
    return { change: this.memory.change, pairs };
  }

  /** Pairs that had to make room since the last call. */
  takeGone(): PairName[] {
    return this.memory.takeGone();
  }

  /** By type and class. @param scope whatever it names; nothing: all */
  list(scope: Scope = {}): LearnedPair[] {
    return [...this.memory.pairs()]
      .filter((pair) => isIn(scope, pair))
      .map((pair) => learnedPair(pair, this.nowMs, this.options))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  }
}

function keyOf({ type, swarmClass }: PairName): string {
  return `${type} ${swarmClass}`;
}

const NOTHING_KNOWN = new TypeKnowledge(Infinity);
