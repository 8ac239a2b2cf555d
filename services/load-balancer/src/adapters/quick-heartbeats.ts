import { Heartbeat, isCount, isListOf, isObject, LIMITS, quickly, type Unknown } from '@multiswarm/contracts';
import { Recent } from '@multiswarm/core';
import type { z } from 'zod';
import { isSameProfile } from '../domain/same-profile';

/**
 * The schema of heartbeats for one listener. A swarm says the same of itself each time, many times a minute: what the schema has
 * taken once is compared, and only what changes from one heartbeat to the next is checked. What is the same is the same object as
 * before, so that of a message which is read every few seconds next to nothing outlives the young generation of the heap.
 */
export function quickHeartbeats(): z.ZodType<Heartbeat> {
  const taken = new Recent<string, Heartbeat>(LIMITS.SWARMS_IN_VIEW);
  return quickly(
    Heartbeat,
    (value) => (isObject(value) ? likeBefore(value, taken) : undefined),
    // What it runs is compared with nothing.
    (heartbeat) => taken.set(heartbeat.swarmId, { ...heartbeat, held: NONE_HELD }),
  );
}

const NONE_HELD: Heartbeat['held'] = [];

function likeBefore(value: Unknown, taken: Recent<string, Heartbeat>): Heartbeat | undefined {
  const before = taken.get(value['swarmId'] as string);
  if (before === undefined || !isSameProfile(before, value)) return undefined;
  const { seq, sentAt, intervalMs, held, resourcesUsed } = value as Unknown & Heartbeat; // as the checks below find
  const isLike =
    // The schema leaves out what it does not know.
    Object.keys(value).length === Object.keys(before).length &&
    value['v'] === 1 &&
    value['instance'] === before.instance &&
    isCount(seq, 0) &&
    isCount(sentAt, 0) &&
    isCount(intervalMs, 0) &&
    isListOf(held, isHeld) &&
    isNothing(resourcesUsed);
  return isLike ? { ...before, seq, sentAt, intervalMs, held, resourcesUsed } : undefined;
}

function isHeld(held: Unknown): boolean {
  for (const key in held) if (key !== 'taskId' && key !== 'attempt') return false;
  return typeof held['taskId'] === 'string' && isCount(held['attempt'], 1);
}

/** Who uses resources is looked at by the schema. */
function isNothing(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}
