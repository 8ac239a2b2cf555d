import type { PlaceItem } from '@multiswarm/contracts';
import type { View } from '../engine/view';
import type { Order } from '../engine/order';
import type { Aids } from './aids';
import { rankByOrder } from './by-order';
import { classOf, expectedMs } from './knowledge';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

const byPrice: Order = {
  name: 'price',
  key: ({ costPerSlotHour }, index) => costPerSlotHour[index] as number,
};

/**
 * The cheapest that is expected to meet the deadline: classes that usually take too long for what is left drop out where any other
 * remains; of the others the one whose price times expected time is the least; in it the cheapest slot. Without a deadline, and
 * without anything learned, the cheapest slot of all.
 */
export const cost: Policy = {
  name: 'cost',
  summary: 'the cheapest that is expected to meet the deadline',
  rank: (view, item, aids) => {
    meetDeadline(view, item, aids);
    keepCheapestClass(view, item, aids);
    return rankByOrder(view, aids, byPrice);
  },
  because: (ranked, counts) =>
    onlyOne(ranked, counts) ?? `cheapest of ${counts.free} with a free slot, deadline considered`,
};

function meetDeadline(view: View, item: PlaceItem, aids: Aids): void {
  const { dueInMs } = item;
  if (dueInMs === undefined) return;
  const isInTime = (swarmClass: number): boolean =>
    (expectedMs(view.columns, aids, item, swarmClass, 'p90Ms') ?? 0) <= dueInMs;
  if (view.groups.some(({ key }) => isInTime(key.swarmClass)))
    view.keep(({ key }) => isInTime(key.swarmClass));
}

function keepCheapestClass(view: View, item: PlaceItem, aids: Aids): void {
  if (aids.learner === undefined || view.groupCount < 2) return;
  const { columns } = view;
  let best = -1;
  let least = Infinity;
  for (const group of view.groups) {
    const ms = expectedMs(columns, aids, item, group.key.swarmClass, 'meanMs');
    // What is not known of one class cannot be weighed against the others.
    if (ms === undefined) return;
    const price = (columns.costPerSlotHour[group.least(byPrice)] as number) * ms;
    if (price >= least) continue;
    least = price;
    best = group.key.swarmClass;
  }
  view.keep((group) => classOf(group) === best);
}
