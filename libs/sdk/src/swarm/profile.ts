import { MultiswarmError, parseOrThrow, SwarmProfile } from '@multiswarm/contracts';
import type { SwarmOptions } from './types';

/** What a swarm says of itself in its heartbeats. Throws `invalid-configuration` with all faults. */
export function profileOf(options: SwarmOptions, types: string[]): SwarmProfile {
  const { id, region, slots, costPerHour, capabilities, labels, attributes, resources, weight } = options;
  if (id === 'all')
    throw new MultiswarmError(
      'invalid-configuration',
      'no swarm may be called "all": messages to all are addressed so',
    );
  const profile = {
    swarmId: id,
    ...{ region, slots, types },
    capabilities: capabilities ?? [],
    labels: labels ?? {},
    attributes: attributes ?? {},
    resources: resources ?? {},
    costPerHour: costPerHour ?? 0,
    ...(weight === undefined ? {} : { weight }),
  };
  return parseOrThrow(SwarmProfile, profile, 'invalid-configuration');
}
