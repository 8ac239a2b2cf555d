import type { RankedSwarm } from '@multiswarm/contracts';
import type { Counts } from '../engine/decision';

/** The reason where there was nothing to choose; undefined where there was. */
export function onlyOne(
  ranked: readonly RankedSwarm[],
  { known, feasible, withRoom, free }: Counts,
): string | undefined {
  if (feasible === 1)
    return known === 1 ? 'the only swarm' : `the only one of ${known} swarms that can run it`;
  if (withRoom === 1) return `the only one of ${feasible} with a free slot`;
  if (free > 1 && ranked.length > 1) return undefined;
  return `the only one left of ${withRoom} with a free slot, by health, wishes and what was learned`;
}
