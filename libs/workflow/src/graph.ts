/** A step of a graph by its id, and the steps before it. Ids that name no step are left out of account. */
export interface GraphStep {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/**
 * The ids, each after all that it depends on, and otherwise in the given order (Kahn 1962).
 * Steps of a cycle and behind one are missing. O(steps + edges), without recursion.
 */
export function topologicalOrder(steps: readonly GraphStep[]): string[] {
  const downstream = downstreamOf(steps);
  const open = new Map<string, number>();
  for (const { id } of steps) open.set(id, 0);
  for (const dependents of downstream.values())
    for (const id of dependents) open.set(id, (open.get(id) ?? 0) + 1);
  const order = steps.filter(({ id }) => open.get(id) === 0).map(({ id }) => id);
  for (const id of order) {
    for (const dependent of downstream.get(id) ?? []) {
      const left = (open.get(dependent) ?? 0) - 1;
      open.set(dependent, left);
      if (left === 0) order.push(dependent);
    }
  }
  return order;
}

/** By each step those that depend on it directly. */
export function downstreamOf(steps: readonly GraphStep[]): Map<string, string[]> {
  const downstream = new Map<string, string[]>(steps.map(({ id }) => [id, []]));
  for (const { id, dependsOn } of steps) for (const upstream of dependsOn) downstream.get(upstream)?.push(id);
  return downstream;
}

/**
 * The longest path from each step to the end of the run, its own weight included, in milliseconds: who has the longest goes
 * first (bottom level, as in list scheduling: Hu 1961; Kwok and Ahmad 1999). Steps of a cycle and behind one are missing.
 * O(steps + edges), without recursion.
 */
export function bottomLevels(
  steps: readonly (GraphStep & { readonly weightMs: number })[],
): Map<string, number> {
  const downstream = downstreamOf(steps);
  const weights = new Map(steps.map(({ id, weightMs }) => [id, weightMs]));
  const levels = new Map<string, number>();
  for (const id of topologicalOrder(steps).reverse()) {
    let longest = 0;
    for (const dependent of downstream.get(id) ?? []) longest = Math.max(longest, levels.get(dependent) ?? 0);
    levels.set(id, longest + (weights.get(id) ?? 0));
  }
  return levels;
}
