/** Costs that are this close are the same: what else speaks for a swarm, its load first of all, decides between them. */
const TIE = 0.03;

/** Whether a drawn cost is as good as the least one. */
export function isTie(cost: number, least: number): boolean {
  return cost <= least * (1 + TIE);
}
