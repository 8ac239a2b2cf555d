import type { Evidence } from '../evidence/evidence';
import { checkAttemptOnce, checkEffectOnce, checkResults } from './check-attempts';
import { checkHeard, checkHistories } from './check-events';
import { checkFlows } from './check-flows';
import { checkLimits } from './check-limits';
import { checkAcknowledged, checkAnswered, checkEnds, checkOneTask } from './check-submissions';
import { checkMail } from './check-mail';
import { checkStreams } from './check-streams';
import type { Broken } from './invariants';

const CHECKS: readonly ((evidence: Evidence) => Broken[])[] = [
  checkAcknowledged,
  checkAnswered,
  checkOneTask,
  checkEnds,
  checkAttemptOnce,
  checkEffectOnce,
  checkResults,
  checkHistories,
  checkFlows,
  checkHeard,
  checkLimits,
  checkMail,
  checkStreams,
  ({ payloads }) => payloads.map((detail) => ({ invariant: 'payloads-kept', detail })),
  ({ disorders }) => disorders.map((detail) => ({ invariant: 'orderly-ends', detail })),
  ({ remains }) => remains.map((detail) => ({ invariant: 'all-given-back', detail })),
  ({ differences }) => differences.map((detail) => ({ invariant: 'records-agree', detail })),
];

/** Everything that does not hold, by invariant. */
export function check(evidence: Evidence): Broken[] {
  return CHECKS.flatMap((one) => one(evidence));
}
