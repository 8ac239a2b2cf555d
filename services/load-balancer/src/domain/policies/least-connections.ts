import type { Order } from '../engine/order';
import { rankByOrder } from './by-order';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

const byConnections: Order = {
  name: 'connections',
  key: ({ busy, weight }, index) => ((busy[index] as number) + 1) / (weight[index] as number),
};

/**
 * The fewest running attempts by weight, over everybody (weighted least request of Envoy, exact instead of by draws): it does not ask
 * how many slots there are, so a large swarm and a small one fill up alike.
 */
export const leastConnections: Policy = {
  name: 'least-connections',
  summary: 'the fewest running attempts, divided by the weight',
  rank: (view, _item, aids) => rankByOrder(view, aids, byConnections),
  because: (ranked, counts) =>
    onlyOne(ranked, counts) ?? `fewest attempts by weight of ${counts.free} with a free slot`,
};
