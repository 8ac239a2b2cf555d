import type { Waiting } from '@multiswarm/contracts';
import type { Limits } from './limits';
import type { Now } from './now';
import { PLACE, type TaskTable } from './task-table';

/** Why a task waits, the reason first that would hold it the longest. */
export function whyWaiting(
  { table, limits }: { table: TaskTable; limits: Limits },
  row: number,
  now: Now,
): Waiting {
  const track = table.track(row);
  const { waiting } = track.lane.owner;
  const none = { since: new Date(table.queuedAt[row] as number).toISOString(), unmet: [] };
  const place = table.places[row];
  if (place === PLACE.aside)
    return { ...none, reason: 'not-yet-considered', detail: 'the owner of its shard does not answer' };
  if (place === PLACE.picked && !waiting)
    return { ...none, reason: 'not-yet-considered', detail: 'being placed' };
  if (waiting?.reason === 'no-swarm') return { ...waiting, since: none.since };
  const limit = place === PLACE.picked ? undefined : limits.blocking(track.limits, now.monotonic);
  if (limit) return { ...none, reason: 'limit', detail: limits.describe(limit, now) };
  if (waiting) return { ...waiting, since: none.since };
  const detail = 'in line behind others whose turn is before its own';
  return { ...none, reason: 'not-yet-considered', detail };
}
