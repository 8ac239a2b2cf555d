import { consistentHash } from './consistent-hash';
import { cost } from './cost';
import { hybrid } from './hybrid';
import { learned } from './learned';
import { leastConnections } from './least-connections';
import { leastLatency } from './least-latency';
import { leastLoaded } from './least-loaded';
import type { Policy } from './policy';
import { powerOfTwo } from './power-of-two';
import { predictive } from './predictive';
import { prequal } from './prequal';
import { roundRobin } from './round-robin';
import { weighted } from './weighted';

export { Aids, RANKED } from './aids';
export { preferred } from './hybrid';
export type { Policy } from './policy';

/** Every policy that this build has, the default first. */
export const POLICIES: readonly [Policy, ...Policy[]] = [
  hybrid,
  leastLoaded,
  roundRobin,
  weighted,
  leastConnections,
  leastLatency,
  powerOfTwo,
  prequal,
  consistentHash,
  cost,
  predictive,
  learned,
];

/** Names that settings may use besides. */
const POLICY_ALIASES: Readonly<Record<string, string>> = {
  'weighted-round-robin': 'weighted',
  'least-response-time': 'least-latency',
  'resource-based': 'least-loaded',
};

/** The policy of that name, or the default where there is none. */
export function policyByName(name: string): Policy {
  const meant = POLICY_ALIASES[name] ?? name;
  return POLICIES.find((policy) => policy.name === meant) ?? POLICIES[0];
}
