import type { RankedSwarm } from '@multiswarm/contracts';
import type { Counts } from '../engine/decision';

/** The reason where there was nothing to choose; undefined where there was. */
export function onlyOne(
  ranked: readonly RankedSwarm[],
  { known, feasible, free }: Counts,
): string | undefined {
  if (feasible === 1)
    return known === 1 ? 'the only swarm' : `the only one of ${known} swarms that can run it`;
  return free === 1 || ranked.length < 2 ? `the only one of ${feasible} with a free slot` : undefined;
}
