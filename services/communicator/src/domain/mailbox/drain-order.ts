import { LEVELS, type Level } from './mail';

export interface DrainRules {
  mode: 'strict' | 'weighted';
  /** Shares of the levels, the most urgent first, where all of them have something. */
  weights: readonly [number, number, number, number];
  /** What has waited for so long counts as one level more urgent, for twice as long as two, and so on. */
  ageMs: number;
}

export const DRAIN_RULES: DrainRules = { mode: 'weighted', weights: [60, 25, 10, 5], ageMs: 10_000 };

/**
 * Which level comes next. Strict: always the most urgent that has something. Weighted: stride scheduling (Waldspurger and Weihl,
 * 1995): each level has a pass that grows by one over its weight for each message, and the smallest pass is next. In both,
 * what waits grows more urgent with time, so nothing starves.
 */
export class DrainOrder {
  private readonly passes: [number, number, number, number] = [0, 0, 0, 0];
  private floor = 0;

  constructor(private readonly rules: DrainRules) {}

  /**
   * @param waits for each level, how long the first that could go has waited, in milliseconds; undefined where none can
   * @returns the level to be served, undefined where there is nothing
   */
  next(waits: readonly (number | undefined)[]): Level | undefined {
    const old = this.grownOld(waits);
    if (old !== undefined || this.rules.mode === 'strict') return old ?? this.mostUrgent(waits);
    let best: Level | undefined;
    for (const level of LEVELS) {
      if (waits[level] === undefined) continue;
      if (best === undefined || this.pass(level) < this.pass(best)) best = level;
    }
    return best;
  }

  /** So many of a level were handed over. */
  served(level: Level, count: number): void {
    const from = this.pass(level);
    this.floor = Math.max(this.floor, from);
    this.passes[level] = from + count / this.rules.weights[level];
  }

  /** One that had nothing for long does not catch up. */
  private pass(level: Level): number {
    return Math.max(this.passes[level], this.floor - 1 / this.rules.weights[level]);
  }

  private mostUrgent(waits: readonly (number | undefined)[]): Level | undefined {
    return LEVELS.find((level) => waits[level] !== undefined);
  }

  /** The level that its age has made as urgent as the most urgent one, where there is one. */
  private grownOld(waits: readonly (number | undefined)[]): Level | undefined {
    const urgent = this.mostUrgent(waits);
    if (urgent === undefined) return undefined;
    let oldest: Level | undefined;
    for (const level of LEVELS) {
      const waited = waits[level];
      if (waited === undefined || level <= urgent) continue;
      if (waited - (waits[urgent] ?? 0) < (level - urgent) * this.rules.ageMs) continue;
      if (oldest === undefined || waited > (waits[oldest] ?? 0)) oldest = level;
    }
    return oldest;
  }
}
