import { ChangeDetector } from './change-detector';
import { Evidence, logOf, type Attempt } from './evidence';
import { posteriorOf, type Posterior, type Stakes } from './posterior';
import { priorOf, type Prior } from './prior';

/** What is left of the evidence of a class that has changed, and of the others of its type, which may have changed too. */
const AFTER_CHANGE = { itself: 4, others: 12 };
/** Attempts that a class has to have shown before it can be noticed that it has changed. */
const KNOWN_AFTER = 12;
/** The common prior, and what is drawn from, are worked out anew when this share of the evidence is new, or this share of a half-life is over. */
const RENEWAL = 0.02;
const MS_PER_HOUR = 3_600_000;

/** What time and failures are worth. */
export interface Worth {
  /** USD for an hour of waiting: it ranks classes by time where slots cost nothing. */
  hourOfWaiting: number;
  /** What a failed try costs beside its slot, in mean attempts of its type. */
  failedTry: number;
}

/** What is expected of a type on a class. */
export interface Estimate {
  /** Attempts; one that is a half-life old counts half. */
  samples: number;
  successRate: number;
  /** Of attempts that have succeeded. */
  meanMs: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
}

/** One type on one class. */
export interface Pair {
  evidence: Evidence;
  detector: ChangeDetector;
  /** When an attempt of it last ended, ms. */
  lastMs: number;
  /** Undefined where it has to be worked out anew. */
  posterior: Posterior | undefined;
  /** What is drawn from, how many attempts it rests on, and how many have ended since. */
  drawnFrom: Posterior | undefined;
  weightDrawn: number;
  newSinceDrawn: number;
  /** What was last read from it, and from which posterior. */
  estimated: { posterior: Posterior; estimate: Estimate } | undefined;
  /** The number of its last change; 0 where it is as it was stored. */
  change: number;
}

/**
 * What is known of one type of work: evidence for each class of swarms, and, from all of it together, what to expect of each.
 */
export class TypeKnowledge {
  readonly pairs = new Map<string, Pair>();
  private prior: Prior | undefined;
  private priorAtMs = 0;
  private newSincePrior = 0;
  private weightAtPrior = 0;
  private unknown: Posterior | undefined;
  private stakes: Stakes | undefined;

  constructor(private readonly halfLifeMs: number) {}

  add(swarmClass: string, nowMs: number): Pair {
    const evidence = new Evidence(this.halfLifeMs, nowMs);
    const detector = new ChangeDetector();
    const pair: Pair = {
      ...{ evidence, detector, lastMs: nowMs, change: 0 },
      ...{ posterior: undefined, estimated: undefined },
      ...{ drawnFrom: undefined, weightDrawn: 0, newSinceDrawn: 0 },
    };
    this.pairs.set(swarmClass, pair);
    this.prior = undefined;
    return pair;
  }

  observe(pair: Pair, attempt: Attempt, nowMs: number): void {
    const changed = this.notices(pair, attempt, nowMs);
    pair.evidence.observe(attempt, nowMs);
    pair.lastMs = Math.max(pair.lastMs, nowMs);
    pair.posterior = undefined;
    pair.newSinceDrawn += 1;
    if (pair.newSinceDrawn > RENEWAL * pair.weightDrawn) pair.drawnFrom = undefined;
    this.newSincePrior += 1;
    if (changed) this.fade(pair, nowMs);
    else if (this.newSincePrior > RENEWAL * this.weightAtPrior) this.prior = undefined;
  }

  /** Takes over evidence instead of that of a pair. */
  adopt(pair: Pair, evidence: Evidence, lastMs: number): void {
    pair.evidence = evidence;
    pair.detector = new ChangeDetector();
    pair.lastMs = Math.max(pair.lastMs, lastMs);
    this.prior = undefined;
  }

  remove(swarmClass: string): void {
    this.pairs.delete(swarmClass);
    this.prior = undefined;
  }

  posterior(swarmClass: string, nowMs: number): Posterior {
    const prior = this.priorAt(nowMs);
    const pair = this.pairs.get(swarmClass);
    if (pair === undefined) return (this.unknown ??= posteriorOf(undefined, prior));
    return (pair.posterior ??= posteriorOf(pair.evidence.at(nowMs), prior));
  }

  /** The same to draw from: among many attempts one more changes a draw far less than chance does. */
  drawnFrom(swarmClass: string, nowMs: number): Posterior {
    const prior = this.priorAt(nowMs);
    const pair = this.pairs.get(swarmClass);
    if (pair === undefined) return (this.unknown ??= posteriorOf(undefined, prior));
    if (pair.drawnFrom !== undefined) return pair.drawnFrom;
    const sums = pair.evidence.at(nowMs);
    pair.weightDrawn = sums.successes + sums.failures;
    pair.newSinceDrawn = 0;
    return (pair.drawnFrom = posteriorOf(sums, prior));
  }

  /** What is at stake in an attempt of this type. */
  stakesAt(nowMs: number, { hourOfWaiting, failedTry }: Worth): Stakes {
    const { cost, ms } = this.priorAt(nowMs);
    return (this.stakes ??= {
      hourOfWaiting,
      failedTry: failedTry * (cost + (hourOfWaiting * ms) / MS_PER_HOUR),
    });
  }

  /** What the classes have in common. */
  private priorAt(nowMs: number): Prior {
    if (this.prior !== undefined && nowMs - this.priorAtMs <= RENEWAL * this.halfLifeMs) return this.prior;
    const sums = [...this.pairs.values()].map(({ evidence }) => evidence.at(nowMs));
    this.prior = priorOf(sums);
    this.priorAtMs = nowMs;
    this.newSincePrior = 0;
    this.weightAtPrior = sums.reduce((sum, { successes, failures }) => sum + successes + failures, 0);
    this.unknown = this.stakes = undefined;
    for (const pair of this.pairs.values()) pair.posterior = pair.drawnFrom = undefined;
    return this.prior;
  }

  /** Whether this attempt shows that its class is not any more what it was. */
  private notices({ evidence, detector }: Pair, attempt: Attempt, nowMs: number): boolean {
    const { successes, failures, timed, logs } = evidence.at(nowMs);
    const attempts = successes + failures;
    if (attempts < KNOWN_AFTER) return false;
    const failureRate = (failures + 0.5) / (attempts + 1);
    if (detector.outcome(!attempt.succeeded, failureRate)) return true;
    const log = attempt.succeeded ? logOf(attempt) : undefined;
    if (log === undefined || timed < KNOWN_AFTER) return false;
    return detector.duration((log - logs / timed) / Math.sqrt(this.priorAt(nowMs).within));
  }

  /** What changed one class may have changed the others: what they have shown counts less, and they are tried again. */
  private fade(changed: Pair, nowMs: number): void {
    for (const pair of this.pairs.values())
      pair.evidence.fadeTo(pair === changed ? AFTER_CHANGE.itself : AFTER_CHANGE.others, nowMs);
    this.prior = undefined;
  }
}
