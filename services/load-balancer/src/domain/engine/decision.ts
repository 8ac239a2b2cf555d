import type { Placement, PlaceResult, Receipt, RankedSwarm, Rejection, Waiting } from '@multiswarm/contracts';
import type { Policy } from '../policies';

/** How many swarms were known, could ever run it, had room, and were chosen among. */
export interface Counts {
  readonly known: number;
  readonly feasible: number;
  readonly withRoom: number;
  readonly free: number;
}

/** What was decided for one item. Receipts are rendered from it. */
export interface Decision extends Counts {
  readonly key: string;
  readonly policy: Policy;
  readonly wallMs: number;
  readonly rejected: Rejection[];
  readonly reservationId: string;
  /** The chosen one first; never empty. */
  readonly ranked: readonly RankedSwarm[];
  /** The first of them. */
  readonly chosen: { readonly swarmId: string };
  /** The JSON of all of them, without the brackets. */
  readonly printedRanked: string;
  /** By the policy, of those that are ranked. */
  readonly scores: readonly number[];
  /** Said where these swarms are not what one would rather take. */
  readonly caveat: string;
  /** What its wishes have come to, where it has any. */
  readonly wishes?: readonly string[] | undefined;
  /** How long ago the chosen one was last heard of; and anybody. */
  readonly stalenessMs: number;
  readonly viewAgeMs: number;
}

/** What was decided for an item that was not placed. */
export interface Refusal {
  readonly key: string;
  readonly waiting: Waiting;
}

export type Outcome = Decision | Refusal;

export function isPlaced(outcome: Outcome): outcome is Decision {
  return 'reservationId' in outcome;
}

export function renderResult(outcome: Outcome): PlaceResult {
  const { key } = outcome;
  return isPlaced(outcome) ? { key, placement: renderPlacement(outcome) } : { key, waiting: outcome.waiting };
}

export function renderPlacement(decision: Decision): Placement {
  const { reservationId, ranked } = decision;
  const { swarmId, region, costPerSlotHour } = ranked[0] as RankedSwarm;
  return { swarmId, region, reservationId, costPerSlotHour, receipt: renderReceipt(decision, ranked) };
}

function renderReceipt(decision: Decision, ranked: readonly RankedSwarm[]): Receipt {
  const { policy, wallMs, rejected, scores, caveat } = decision;
  const [chosen] = ranked as readonly [RankedSwarm, ...RankedSwarm[]];
  return {
    policy: policy.name,
    decidedAt: instant(wallMs),
    candidates: decision.known,
    feasible: decision.feasible,
    withFreeSlot: decision.withRoom,
    rejected,
    ranked: [...ranked],
    scores: scores.map(roundScore),
    chosen: chosen.swarmId,
    price: chosen.costPerSlotHour,
    stalenessMs: wholeMs(decision.stalenessMs),
    viewAgeMs: wholeMs(decision.viewAgeMs),
    because: policy.because(ranked, decision, scores) + caveat,
    ...reasonsOf(decision),
  };
}

export function reasonsOf({ policy, wishes }: Decision): Pick<Receipt, 'reasons'> {
  if (policy.reasons === undefined && wishes === undefined) return {};
  return { reasons: [...(policy.reasons ?? []), ...(wishes ?? [])] };
}

/** Digits that tell swarms apart; a receipt with more of them says nothing more. */
const SCORE_DIGITS = 4;

export function roundScore(score: number): number {
  const rounded = Number(score.toPrecision(SCORE_DIGITS));
  // JSON has no number for what is not finite: such a score is as bad as can be.
  return Number.isFinite(rounded) ? rounded : Number.MAX_VALUE;
}

/** Scores whose texts are kept: of equal endpoints they are equal. */
const SCORES_PRINTED = 1_024;
const scoresPrinted = new Map<number, string>();

/** The JSON of `roundScore`. */
export function printedScore(score: number): string {
  let text = scoresPrinted.get(score);
  if (text === undefined) {
    if (scoresPrinted.size === SCORES_PRINTED) scoresPrinted.clear();
    text = JSON.stringify(roundScore(score));
    scoresPrinted.set(score, text);
  }
  return text;
}

/** A clock may be set back between two looks. */
export function wholeMs(ms: number): number {
  return Math.max(0, Math.round(ms));
}

let lastMs = NaN;
let lastInstant = '';

/** The same text for the same millisecond: decisions of one batch share it. */
export function instant(wallMs: number): string {
  if (wallMs !== lastMs) {
    lastMs = wallMs;
    lastInstant = new Date(wallMs).toISOString();
  }
  return lastInstant;
}
