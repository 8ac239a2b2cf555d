import { leastLoaded } from './least-loaded';
import type { Policy } from './policy';
import { roundRobin } from './round-robin';

export { Aids, RANKED } from './aids';
export type { Policy } from './policy';

/** Every policy that this build has, the default first. */
export const POLICIES: readonly [Policy, ...Policy[]] = [leastLoaded, roundRobin];

/** The policy of that name, or the default where there is none. */
export function policyByName(name: string): Policy {
  return POLICIES.find((policy) => policy.name === name) ?? POLICIES[0];
}
