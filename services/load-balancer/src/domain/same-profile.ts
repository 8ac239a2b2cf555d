import type { Heartbeat } from '@multiswarm/contracts';

/** What of a heartbeat says what a swarm is, and not what it does. */
const PROFILE = [
  'region',
  'slots',
  'types',
  'capabilities',
  'labels',
  'attributes',
  'resources',
  'costPerHour',
  'weight',
  'state',
] as const satisfies readonly (keyof Heartbeat)[];

type Profile = Partial<Record<(typeof PROFILE)[number], unknown>>;

/** Whether two heartbeats tell of the same profile. Nearly all do, so it is asked of each and takes no copy. */
export function isSameProfile(one: Profile, other: Profile): boolean {
  for (const field of PROFILE) if (!isSame(one[field], other[field])) return false;
  return true;
}

/** Of values that JSON can hold. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other))
    return Array.isArray(one) && Array.isArray(other) && one.length === other.length && hasSame(one, other);
  let keys = 0;
  for (const key in other) if (Object.hasOwn(other, key)) keys += 1;
  return hasSame(one, other, keys);
}

function hasSame(one: object, other: object, keys?: number): boolean {
  let left = keys ?? 0;
  for (const key in one) {
    if (!Object.hasOwn(other, key)) return false;
    if (!isSame(one[key as keyof typeof one], other[key as keyof typeof other])) return false;
    left -= 1;
  }
  return keys === undefined || left === 0;
}
