import type { Endpoint, EndpointPage, ExternalEndpoint, ListEndpointsQuery } from '@multiswarm/contracts';
import type { Moment } from './moment';
import type { SwarmSeen } from './swarm-seen';

type Registered = (swarmId: string) => ExternalEndpoint | undefined;

export function isExternal({ profile }: SwarmSeen): boolean {
  return profile.kind === 'external';
}

/** A member of the fleet as people read it. */
export function endpointOf(seen: SwarmSeen, registered: Registered, now: Moment): Endpoint {
  const swarm = seen.toSwarm(now);
  const endpoint = isExternal(seen) ? registered(seen.swarmId) : undefined;
  if (endpoint === undefined) return { ...swarm, kind: 'swarm' };
  return { ...swarm, ...detailsOf(endpoint) };
}

/** What is registered and has been silent for so long that the fleet has forgotten it. */
export function silentEndpoint(endpoint: ExternalEndpoint): Endpoint {
  const { instance: _instance, registeredAt: _since, renewedAt, ...profile } = endpoint;
  return {
    ...profile,
    ...detailsOf(endpoint),
    ...{ state: 'down', busySlots: 0, freeSlots: endpoint.slots, held: [] },
    lastSeen: new Date(renewedAt).toISOString(),
  };
}

function detailsOf({ address, weight, ttlMs, renewedAt, revision }: ExternalEndpoint) {
  const expires = ttlMs === undefined ? {} : { ttlMs, expiresAt: new Date(renewedAt + ttlMs).toISOString() };
  return { kind: 'external', address, weight, revision, ...expires } as const;
}

/** One page of the members that a query asks for, by region and id. */
export function pageOf(
  fleet: Iterable<SwarmSeen>,
  query: ListEndpointsQuery,
  registered: Registered,
  now: Moment,
): EndpointPage {
  const found: { key: string; seen: SwarmSeen }[] = [];
  for (const seen of fleet) {
    const key = `${seen.region}/${seen.swarmId}`;
    if (query.cursor !== undefined && key <= query.cursor) continue;
    if (isWanted(seen, query, now)) found.push({ key, seen });
  }
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = found.slice(0, query.limit);
  return {
    items: page.map(({ seen }) => endpointOf(seen, registered, now)),
    next: found.length > query.limit ? (page.at(-1)?.key ?? null) : null,
  };
}

function isWanted(
  seen: SwarmSeen,
  { kind, region, capability, label, state }: ListEndpointsQuery,
  now: Moment,
): boolean {
  const { profile } = seen;
  return (
    (kind === undefined || (kind === 'external') === isExternal(seen)) &&
    (region === undefined || seen.region === region) &&
    (capability === undefined || profile.capabilities.includes(capability)) &&
    (label === undefined || carries(profile.labels, label)) &&
    (state === undefined || seen.stateAt(now) === state)
  );
}

/** `key=value`, or a key whatever its value. */
function carries(labels: Readonly<Record<string, string>>, asked: string): boolean {
  const at = asked.indexOf('=');
  const key = at < 0 ? asked : asked.slice(0, at);
  return Object.hasOwn(labels, key) && (at < 0 || labels[key] === asked.slice(at + 1));
}
