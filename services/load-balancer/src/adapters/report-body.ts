import { isObject, LbReport, type Unknown } from '@multiswarm/contracts';
import { z } from 'zod';

/** Stands for the task of a request that was routed: the reservation knows under which key it was made. */
const ROUTED = 'route';

/**
 * How requests ended, as whoever asked for a route tells it. One may come by itself, without the list around it:
 *
 * | given | becomes |
 * |---|---|
 * | `success: true`, `success: false` | `outcome: "succeeded"`, `outcome: "failed"` |
 * | `responseTimeMs: 12` | `durationMs: 12` |
 * | no `reservationId` | the outcome counts for the endpoint's health, and gives no slot back |
 * | no `taskId`, `attempt` | those of a routed request |
 */
export function normalizeReport(given: unknown): unknown {
  if (!isObject(given)) return given;
  if ('swarmId' in given && !('outcomes' in given))
    return { v: 1, outcomes: [normalizeOutcome(withoutVersion(given))] };
  const { outcomes } = given;
  return { ...given, outcomes: Array.isArray(outcomes) ? outcomes.map(normalizeOutcome) : outcomes };
}

function withoutVersion({ v: _version, ...rest }: Unknown): Unknown {
  return rest;
}

function normalizeOutcome(given: unknown): unknown {
  if (!isObject(given)) return given;
  const { success, responseTimeMs, ...rest } = given;
  return {
    ...{ reservationId: '', taskId: ROUTED, attempt: 1 },
    ...(typeof success === 'boolean' ? { outcome: success ? 'succeeded' : 'failed' } : {}),
    ...(responseTimeMs === undefined ? {} : { durationMs: responseTimeMs }),
    ...(success === undefined || typeof success === 'boolean' ? {} : { success }),
    ...rest,
  };
}

/** Over HTTP an unknown field is a typing error, and is refused; over the bus it is a newer sender. */
export const ReportBody = z.preprocess(
  normalizeReport,
  z.strictObject({
    ...LbReport.shape,
    outcomes: z.array(z.strictObject(LbReport.shape.outcomes.element.shape)).min(1).max(1000),
  }),
);

/** The same over the bus. */
export const ReportMessage = z.preprocess(normalizeReport, LbReport);
