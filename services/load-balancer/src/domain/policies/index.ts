import { leastLoaded } from './least-loaded';
import type { Policy } from './policy';

export type { Candidate, Policy } from './policy';
export { topOf } from './top-of';

/** Every policy that this build has, the default first. */
export const POLICIES: readonly [Policy, ...Policy[]] = [leastLoaded];

/** The policy of that name, or the default where there is none. */
export function policyByName(name: string): Policy {
  return POLICIES.find((policy) => policy.name === name) ?? POLICIES[0];
}
