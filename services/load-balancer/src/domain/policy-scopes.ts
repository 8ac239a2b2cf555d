import type { NamespaceRouting, PlaceItem } from '@multiswarm/contracts';

/** Who has chosen a policy: the request itself, its namespace for its type, its namespace, or LOAD_BALANCING_ALGORITHM. */
export type PolicyScope = 'request' | 'type' | 'namespace' | 'default';

/** What a namespace says of the policies of its tasks. */
export type PoliciesOf = (namespace: string) => Pick<NamespaceRouting, 'policy' | 'policies'> | undefined;

/** The policy that decides for an item: what is said most closely to it counts. */
export function policyFor(
  { routing, type, namespace }: Pick<PlaceItem, 'routing' | 'type' | 'namespace'>,
  policiesOf: PoliciesOf,
  fallback: string,
): { name: string; scope: PolicyScope } {
  if (routing?.policy !== undefined) return { name: routing.policy, scope: 'request' };
  const said = policiesOf(namespace);
  if (said === undefined) return { name: fallback, scope: 'default' };
  const ofType =
    said.policies !== undefined && Object.hasOwn(said.policies, type) ? said.policies[type] : undefined;
  if (ofType !== undefined) return { name: ofType, scope: 'type' };
  if (said.policy !== undefined) return { name: said.policy, scope: 'namespace' };
  return { name: fallback, scope: 'default' };
}
