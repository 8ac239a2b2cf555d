import type { Random } from '@multiswarm/core';
import { lost } from './ending';
import { isHeld, type TaskRecord, type Transition } from './record';

/**
 * Tasks of a store that was set back to an earlier state, as from a backup. What happened since is known to swarms, and to
 * whoever they have told their attempt's number, but not to the record any more.
 *
 * B1. No number of an attempt is given out that may have been given out before: the next one is beyond the base.
 * B2. An attempt that was current then is over: it may have ended since, and another one may have followed. It is no loss that
 *     counts against the task: its swarm need not have failed.
 */
const REASON =
  'the data was restored to an earlier state: what became of the attempt since then is not known';

/** B1, for a record that no attempt holds. Of one that is held the current attempt has to end first. */
export function raised(record: TaskRecord, attemptBase: number): TaskRecord {
  return record.attempt >= attemptBase || isHeld(record) ? record : { ...record, attempt: attemptBase };
}

/** B2. @param record of a task that is held by an attempt that is not beyond the base */
export function interrupted(
  record: TaskRecord,
  attemptBase: number,
  now: number,
  random: Random,
): Transition {
  const { losses, lossesInARow } = record;
  const next = lost({ ...record, losses: 0, lossesInARow: undefined }, REASON, now, random);
  return { ...next, record: { ...next.record, losses, lossesInARow, attempt: attemptBase } };
}
