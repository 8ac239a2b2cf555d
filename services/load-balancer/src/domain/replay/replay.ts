import type { RankedSwarm } from '@multiswarm/contracts';
import { seededRandom } from '@multiswarm/core';
import type { Columns } from '../engine/columns';
import { hashOf } from '../hash-of';
import { Aids, type Policy } from '../policies';
import { knowledgeOf, rebuilt } from './rebuilt';
import type { Seen } from './seen';

/** One decision, and what another policy would have decided in its place. */
export interface Compared {
  readonly seen: Seen;
  readonly chose: RankedSwarm;
  readonly wouldChoose: RankedSwarm;
  readonly because: string;
}

export interface Replayed {
  /** Both chose the same endpoint. */
  readonly agreements: readonly Compared[];
  readonly differences: readonly Compared[];
}

/**
 * What a policy would have decided for each of these, from what was seen then. Nothing of today has a part in it. Chance comes from who
 * was decided for, and when: the same question has the same answer.
 */
export function replay(records: Iterable<Seen>, policy: Policy): Replayed {
  const agreements: Compared[] = [];
  const differences: Compared[] = [];
  for (const seen of records) {
    const compared = compare(seen, policy);
    const isSame = compared.chose.swarmId === compared.wouldChoose.swarmId;
    (isSame ? agreements : differences).push(compared);
  }
  return { agreements, differences };
}

function compare(seen: Seen, policy: Policy): Compared {
  const { view, endpoints } = rebuilt(seen);
  const { columns } = view;
  const { at, item, open } = seen;
  const chance = seededRandom(hashOf(`${item.key} ${item.attempt} ${at.wallMs}`));
  const aids = new Aids(chance, knowledgeOf(seen));
  aids.begin(at);
  const looked = policy.rank(view, item, aids);
  const ranked = Array.from({ length: looked }, (_, rank) => {
    const row = aids.ranked[rank] as number;
    return rankedSwarm(seen, endpoints[row] as number, columns, row);
  });
  const [wouldChoose] = ranked;
  if (wouldChoose === undefined) throw new Error(`policy ${policy.name} ranked nobody of ${seen.rows}`);
  const row = endpoints.indexOf(seen.chosen);
  return {
    seen,
    chose: rankedSwarm(seen, seen.chosen, columns, row),
    wouldChoose,
    // As if nobody else were known: rules that drop others drop them for every policy.
    because: policy.because(ranked, { known: open, feasible: open, withRoom: open, free: view.count }, [
      ...aids.scores.subarray(0, looked),
    ]),
  };
}

function rankedSwarm(seen: Seen, endpoint: number, columns: Columns, row: number): RankedSwarm {
  return {
    swarmId: seen.swarmIds[endpoint] ?? '',
    region: seen.regions[endpoint] ?? '',
    freeSlots: columns.freeAt(row),
    load: columns.loadAt(row),
    costPerSlotHour: columns.costPerSlotHour[row] as number,
  };
}
