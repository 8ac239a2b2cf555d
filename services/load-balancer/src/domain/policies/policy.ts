/** What a policy may look at. Every candidate is feasible, equally healthy, and has a free slot. */
export interface Candidate {
  readonly swarmId: string;
  readonly region: string;
  readonly slots: number;
  readonly freeSlots: number;
  /** Busy share of its slots, 0 to 1. */
  readonly load: number;
  /** USD. */
  readonly costPerSlotHour: number;
  /** Number of the decision that last chose it: the smallest has waited longest for its turn. */
  readonly lastTurn: number;
}

export interface PolicyContext {
  /** How many of the best are wanted. */
  top: number;
}

/** How many swarms are known, could ever run it, and were ranked. */
export interface Counts {
  readonly known: number;
  readonly feasible: number;
  readonly free: number;
}

/** Ranks candidates. A policy is one file, and one row of the table in `index.ts`. */
export interface Policy {
  readonly name: string;
  /** The best `top` candidates, best first; never empty where there are candidates. */
  rank<C extends Candidate>(candidates: readonly C[], context: PolicyContext): C[];
  /**
   * Only for a policy whose rank is an order by the candidates' own numbers, in which a candidate that was just chosen
   * comes no earlier than before. A batch is placed from a short list then, and not by ranking everybody for each item.
   */
  readonly order?: (a: Candidate, b: Candidate) => number;
  /** One plain sentence: why the first of `ranked` was chosen. */
  because(ranked: readonly Candidate[], counts: Counts): string;
}
