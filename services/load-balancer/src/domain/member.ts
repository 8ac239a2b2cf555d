import type { EndpointKind, Heartbeat, PlaceItem, SwarmProfile } from '@multiswarm/contracts';

/** What the rules may look at of a member of the fleet. Swarms do not say what they are. */
export type MemberProfile = SwarmProfile & { readonly kind?: EndpointKind };

/** What a replica says for an external endpoint, in the words in which swarms speak for themselves. */
export interface EndpointMember extends Heartbeat {
  readonly kind: 'external';
  /** Its share where a policy goes by weights. */
  readonly weight: number;
}

/** Whose requests it may be given: tasks go to swarms only, since they need the protocol that swarms speak. */
export type WantedKind = EndpointKind | 'any';

/** An attempt, or a request that is routed and says to which kind of endpoint. */
export type WantedPlace = PlaceItem & { kind?: WantedKind };
