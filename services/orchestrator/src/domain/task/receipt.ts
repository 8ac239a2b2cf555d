import type { Receipt } from '@multiswarm/contracts';
import type { Attempt, AttemptPlacement } from './record';

/**
 * Why an attempt went where it went. Of one that was fetched, as most are where there is much to do, the task before it in its
 * slot says all: with a receipt in every record a task would take twice as many bytes, and be printed twice as long.
 */
export function receiptOf({ receipt, after, swarmId, assignedAt }: Attempt): Receipt | undefined {
  if (after === undefined) return receipt;
  return {
    policy: 'finish-and-fetch',
    decidedAt: new Date(assignedAt).toISOString(),
    ...{ candidates: 1, feasible: 1, withFreeSlot: 1, rejected: [], ranked: [] },
    chosen: swarmId,
    because: becauseAfter(swarmId, after),
  };
}

/** The same in one sentence. */
export function becauseOf({ swarmId, receipt, after }: Omit<AttemptPlacement, 'reservationId'>): string {
  return after === undefined ? (receipt?.because ?? '') : becauseAfter(swarmId, after);
}

function becauseAfter(swarmId: string, after: string): string {
  return `${swarmId} has just finished ${after}, and this was the next task in the order of all that it is known to fit`;
}
