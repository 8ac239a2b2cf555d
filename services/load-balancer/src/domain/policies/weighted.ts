import type { Columns } from '../engine/columns';
import { CHANGED } from '../engine/journal';
import type { Order } from '../engine/order';
import { rankByOrder } from './by-order';
import { onlyOne } from './only-one';
import type { Policy } from './policy';

const byDue: Order = { name: 'due', key: ({ due }, index) => due[index] as number };

/**
 * Turns in proportion to weights, spread evenly: earliest deadline first, as Envoy's weighted round robin has it. Each turn puts off
 * the next one by 1 / weight of virtual time. Who was away, or is new, has one turn at once and makes up for no more.
 */
export const weighted: Policy = {
  name: 'weighted',
  summary: 'everybody with a free slot in turn, as often as its weight says',
  rank: (view, _item, aids) => rankByOrder(view, aids, byDue),
  chosen: (columns: Columns, index: number) => {
    const { due, weight } = columns;
    columns.virtualTime = Math.max(columns.virtualTime, due[index] as number);
    due[index] = columns.virtualTime + 1 / (weight[index] as number);
    columns.shifts.note(index, CHANGED.room);
  },
  because: (ranked, counts) =>
    onlyOne(ranked, counts) ?? `its weighted turn among ${counts.free} with a free slot`,
};
