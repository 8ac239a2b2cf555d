import type { RankedSwarm, Rejection } from '@multiswarm/contracts';
import { instant, printedScore, reasonsOf, wholeMs, type Decision } from './decision';

/**
 * The JSON of `renderPlacement`, printed from what is kept of a decision: most of a receipt was printed before, or is a number.
 * Making the objects, and looking into each for what it is, takes half as long again.
 */
export function printPlacement(decision: Decision): string {
  const { ranked, scores, policy, reservationId } = decision;
  const { swarmId, region, costPerSlotHour } = ranked[0] as RankedSwarm;
  const chosen = JSON.stringify(swarmId);
  const because = JSON.stringify(policy.because(ranked, decision, scores) + decision.caveat);
  return (
    `{"swarmId":${chosen},"region":${JSON.stringify(region)},"reservationId":"${reservationId}",` +
    `"costPerSlotHour":${costPerSlotHour},"receipt":{"policy":${JSON.stringify(policy.name)},` +
    `"decidedAt":"${instant(decision.wallMs)}","candidates":${decision.known},"feasible":${decision.feasible},` +
    `"withFreeSlot":${decision.withRoom},"rejected":${printedRejections(decision.rejected)},` +
    `"ranked":[${decision.printedRanked}],"scores":[${printedScores(scores)}],"chosen":${chosen},` +
    `"price":${costPerSlotHour},"stalenessMs":${wholeMs(decision.stalenessMs)},` +
    `"viewAgeMs":${wholeMs(decision.viewAgeMs)},"because":${because}${printedReasons(decision)}}}`
  );
}

function printedScores(scores: readonly number[]): string {
  let text = '';
  for (const score of scores) text = text === '' ? printedScore(score) : `${text},${printedScore(score)}`;
  return text;
}

/** Many decisions share them. */
const printedBefore = new WeakMap<readonly Rejection[], string>();

function printedRejections(rejected: readonly Rejection[]): string {
  if (rejected.length === 0) return '[]';
  let text = printedBefore.get(rejected);
  if (text === undefined) {
    text = JSON.stringify(rejected);
    printedBefore.set(rejected, text);
  }
  return text;
}

function printedReasons(decision: Decision): string {
  const { reasons } = reasonsOf(decision);
  return reasons === undefined ? '' : `,"reasons":${JSON.stringify(reasons)}`;
}
