import {
  FAULTS,
  isCount,
  isListOf,
  isName,
  isObject,
  isToken,
  LbReport,
  quick,
  type Unknown,
} from '@multiswarm/contracts';
import { ReportMessage } from './report-body';

/** How attempts have ended: one for each task that there is. */
export const QuickLbReport = quick(
  ReportMessage,
  (value) => isObject(value) && value['v'] === 1 && isListOf(value['outcomes'], isOutcome),
);

const OUTCOMES: ReadonlySet<unknown> = new Set(LbReport.shape.outcomes.element.shape.outcome.options);

const ALL_FAULTS: ReadonlySet<unknown> = new Set(FAULTS);

function isOutcome(told: Unknown): boolean {
  const { reservationId, swarmId, taskId, attempt, outcome, durationMs, type, namespace, fault, next } = told;
  return (
    typeof reservationId === 'string' &&
    typeof swarmId === 'string' &&
    typeof taskId === 'string' &&
    isCount(attempt, 1) &&
    OUTCOMES.has(outcome) &&
    (durationMs === undefined || (Number.isFinite(durationMs) && (durationMs as number) >= 0)) &&
    (type === undefined || isName(type)) &&
    (namespace === undefined || isToken(namespace)) &&
    (fault === undefined || ALL_FAULTS.has(fault)) &&
    (next === undefined || isRef(next))
  );
}

function isRef(value: unknown): boolean {
  return isObject(value) && typeof value['taskId'] === 'string' && isCount(value['attempt'], 1);
}
