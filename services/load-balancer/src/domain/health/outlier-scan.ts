import { THRESHOLDS } from './health-settings';
import { medianOf } from './median';
import type { OutcomeWindow } from './outcome-window';
import type { Slowness } from './slowness';

/** What is compared of a swarm. */
export interface Compared {
  readonly isCompared: boolean;
  readonly window: OutcomeWindow;
  readonly slowness: Slowness;
}

export interface Outlier<S> {
  readonly swarm: S;
  readonly reason: string;
}

interface Suspected<S> extends Outlier<S> {
  readonly badness: number;
}

/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const NORMAL = 1.4826;
/** Swarms that are all within so little of each other do not differ (natural logarithm: a tenth). */
const LEAST_DEVIATION = 0.1;

/**
 * Who stands out of the fleet.
 *
 * O1. By success: below the mean less 1.9 standard deviations (Envoy's success rate), and by more than the least gap; or by failures
 *     beyond what is usual for its types (Envoy's failure percentage); and in any case by more failures than chance would bring where
 *     so many are expected (Poisson).
 * O2. By speed: more than 4.5 robust deviations (median and MAD: Iglewicz and Hoaglin 1993, who advise 3.5 for one look at a sample;
 *     this looks again and again) above the fleet's median, and more than twice it, at several looks in a row. What makes all slower moves the median with it, and nobody stands out.
 * O3. Durations are compared as multiples of the median of their own type: swarms that run other types are comparable.
 * O4. Nobody stands out of a few: too few swarms with enough outcomes are not compared.
 */
export class OutlierScan<S extends Compared> {
  private readonly rated: S[] = [];
  private readonly timed: S[] = [];
  private values = new Float64Array(64);

  /** @returns who stands out, those that fail before those that are slow, the worst first */
  find(swarms: Iterable<S>, nowMs: number): Outlier<S>[] {
    this.rated.length = 0;
    this.timed.length = 0;
    for (const swarm of swarms) {
      if (!swarm.isCompared) continue;
      swarm.window.roll(nowMs);
      if (swarm.window.volume >= THRESHOLDS.OUTLIER_VOLUME) this.rated.push(swarm);
      if (swarm.slowness.isKnown) this.timed.push(swarm);
    }
    return [...this.failing(), ...this.slow()].map(({ swarm, reason }) => ({ swarm, reason }));
  }

  /** O1. */
  private failing(): Suspected<S>[] {
    const { rated } = this;
    if (rated.length < THRESHOLDS.OUTLIER_HOSTS) return []; // O4
    let sum = 0;
    let squares = 0;
    for (const { window } of rated) {
      sum += window.success;
      squares += window.success ** 2;
    }
    const mean = sum / rated.length;
    const deviation = Math.sqrt(Math.max(0, squares / rated.length - mean ** 2));
    const least = mean - Math.max(THRESHOLDS.OUTLIER_DEVIATIONS * deviation, THRESHOLDS.OUTLIER_GAP);
    const found: Suspected<S>[] = [];
    for (const swarm of rated) {
      const { success, volume, failures, expectedFailures } = swarm.window;
      if (success >= least && 1 - success < THRESHOLDS.OUTLIER_FAILURES) continue;
      const chance = THRESHOLDS.CHANCE_DEVIATIONS * Math.sqrt(expectedFailures + 1);
      if (failures - expectedFailures < chance) continue;
      const reason = `${percent(success)} of its last ${volume} attempts went well, in the fleet ${percent(mean)}`;
      found.push({ swarm, reason, badness: 1 - success });
    }
    return worstFirst(found);
  }

  /** O2, O3. */
  private slow(): Suspected<S>[] {
    const { timed } = this;
    if (timed.length < THRESHOLDS.OUTLIER_HOSTS) return []; // O4
    if (this.values.length < timed.length) this.values = new Float64Array(2 * timed.length);
    const median = this.medianBy(({ mean }) => mean);
    const spread = NORMAL * this.medianBy(({ mean, noise }) => Math.abs(mean - median) / noise);
    const leastGap = Math.log(THRESHOLDS.SLOW_TIMES);
    const found: Suspected<S>[] = [];
    for (const swarm of timed) {
      const { mean, noise } = swarm.slowness;
      const chance = THRESHOLDS.CHANCE_DEVIATIONS * Math.max(LEAST_DEVIATION, spread * noise);
      if (!swarm.slowness.look(mean - median > Math.max(chance, leastGap))) continue;
      const times = Math.exp(mean - median);
      found.push({ swarm, reason: `takes ${times.toFixed(1)} times as long as the fleet`, badness: times });
    }
    return worstFirst(found);
  }

  private medianBy(value: (slowness: Slowness) => number): number {
    const { timed, values } = this;
    timed.forEach(({ slowness }, index) => (values[index] = value(slowness)));
    return medianOf(values, timed.length);
  }
}

function worstFirst<S>(found: Suspected<S>[]): Suspected<S>[] {
  return found.sort((a, b) => b.badness - a.badness);
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
