import type { PlaceResult, Receipt, RankedSwarm, Rejection, Waiting } from '@multiswarm/contracts';
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
  /** By the policy, of those that are ranked. */
  readonly scores: readonly number[];
  /** Said where these swarms are not what one would rather take. */
  readonly caveat: string;
  /** What its wishes have come to, where it has any. */
  readonly wishes?: readonly string[];
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
  if (!isPlaced(outcome)) return { key: outcome.key, waiting: outcome.waiting };
  const { key, reservationId, ranked } = outcome;
  const { swarmId, region, costPerSlotHour } = ranked[0] as RankedSwarm;
  const receipt = renderReceipt(outcome, ranked);
  return { key, placement: { swarmId, region, reservationId, costPerSlotHour, receipt } };
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

function reasonsOf({ policy, wishes }: Decision): Pick<Receipt, 'reasons'> {
  if (policy.reasons === undefined && wishes === undefined) return {};
  return { reasons: [...(policy.reasons ?? []), ...(wishes ?? [])] };
}

/** Digits that tell swarms apart; a receipt with more of them says nothing more. */
const SCORE_DIGITS = 4;

export function roundScore(score: number): number {
  // JSON has no number for what is not finite: such a score is as bad as can be.
  return Number.isFinite(score) ? Number(score.toPrecision(SCORE_DIGITS)) : Number.MAX_VALUE;
}

/** A clock may be set back between two looks. */
function wholeMs(ms: number): number {
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
