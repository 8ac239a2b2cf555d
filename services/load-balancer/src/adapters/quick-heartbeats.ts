import { Heartbeat, isCount, isListOf, isObject, LIMITS, quickly, type Unknown } from '@multiswarm/contracts';
import { Recent } from '@multiswarm/core';
import type { z } from 'zod';
import { isSameProfile } from '../domain/same-profile';

/**
 * The schema of heartbeats for one listener. A swarm says the same of itself each time, many times a minute: what the schema has
 * taken once is compared, and only what changes from one heartbeat to the next is checked.
 */
export function quickHeartbeats(): z.ZodType<Heartbeat> {
  const taken = new Recent<string, Heartbeat>(LIMITS.SWARMS_IN_VIEW);
  return quickly(
    Heartbeat,
    (value) => (isObject(value) && isLikeBefore(value, taken) ? (value as Heartbeat) : undefined),
    (heartbeat) => taken.set(heartbeat.swarmId, heartbeat),
  );
}

function isLikeBefore(value: Unknown, taken: Recent<string, Heartbeat>): boolean {
  const before = taken.get(value['swarmId'] as string);
  if (before === undefined || !isSameProfile(before, value)) return false;
  const { v, seq, sentAt, intervalMs, held, resourcesUsed } = value;
  return (
    // The schema leaves out what it does not know.
    Object.keys(value).length === Object.keys(before).length &&
    (v as number) === 1 &&
    value['instance'] === before.instance &&
    isCount(seq, 0) &&
    isCount(sentAt, 0) &&
    isCount(intervalMs, 0) &&
    isListOf(held, isHeld) &&
    isNothing(resourcesUsed)
  );
}

function isHeld(held: Unknown): boolean {
  for (const key in held) if (key !== 'taskId' && key !== 'attempt') return false;
  return typeof held['taskId'] === 'string' && isCount(held['attempt'], 1);
}

/** Who uses resources is looked at by the schema. */
function isNothing(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}
