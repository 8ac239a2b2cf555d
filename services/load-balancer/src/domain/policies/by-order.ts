import type { Order } from '../engine/order';
import type { View } from '../engine/view';
import { RANKED, type Aids } from './aids';

/** Writes the best in an order that is kept up into `aids.ranked`, with their keys as scores. Returns how many. */
export function rankByOrder(view: View, { ranked, scores }: Aids, order: Order): number {
  const found = view.top(order, RANKED, ranked);
  for (let at = 0; at < found; at += 1) scores[at] = order.key(view.columns, ranked[at] as number);
  return found;
}
