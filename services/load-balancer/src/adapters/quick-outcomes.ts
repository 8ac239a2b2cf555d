import { isCount, isListOf, isObject, LbReport, quick, type Unknown } from '@multiswarm/contracts';

/** How attempts have ended: one for each task that there is. */
export const QuickLbReport = quick(
  LbReport,
  (value) => isObject(value) && value['v'] === 1 && isListOf(value['outcomes'], isOutcome),
);

const OUTCOMES: ReadonlySet<unknown> = new Set(LbReport.shape.outcomes.element.shape.outcome.options);

function isOutcome({ reservationId, swarmId, taskId, attempt, outcome, durationMs, next }: Unknown): boolean {
  return (
    typeof reservationId === 'string' &&
    typeof swarmId === 'string' &&
    typeof taskId === 'string' &&
    isCount(attempt, 1) &&
    OUTCOMES.has(outcome) &&
    (durationMs === undefined || (Number.isFinite(durationMs) && (durationMs as number) >= 0)) &&
    (next === undefined || isRef(next))
  );
}

function isRef(value: unknown): boolean {
  return isObject(value) && typeof value['taskId'] === 'string' && isCount(value['attempt'], 1);
}
