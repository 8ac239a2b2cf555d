/** A step of a graph by its id, and the steps before it. Ids that name no step are left out of account. */
export interface GraphStep {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/** A graph by position instead of by name: built once, walked several times. */
export interface Graph {
  /** Of each step the steps that it waits for, each once. */
  readonly before: readonly (readonly number[])[];
  /** Of each step those that wait for it. */
  readonly behind: readonly (readonly number[])[];
  /** Steps after all that they wait for, and otherwise as given (Kahn 1962). Those of a cycle and behind one are missing. */
  readonly order: readonly number[];
}

/** O(steps + edges), iterative: a chain of any length does not overflow the stack. */
export function graphOf(steps: readonly GraphStep[]): Graph {
  const at = new Map(steps.map(({ id }, index) => [id, index]));
  const behind = steps.map((): number[] => []);
  const before = steps.map(({ dependsOn }, index) => {
    const places: number[] = [];
    for (const id of dependsOn.length > 1 ? new Set(dependsOn) : dependsOn) {
      const place = at.get(id);
      if (place === undefined) continue;
      places.push(place);
      behind[place]?.push(index);
    }
    return places;
  });
  return { before, behind, order: inOrder(before, behind) };
}

/** @throws Error where there is a cycle, which no validated workflow has */
export function acyclicGraphOf(steps: readonly GraphStep[]): Graph {
  const graph = graphOf(steps);
  if (graph.order.length < steps.length) throw new Error('invariant: the steps form a cycle');
  return graph;
}

function inOrder(before: readonly (readonly number[])[], behind: readonly (readonly number[])[]): number[] {
  const open = before.map(({ length }) => length);
  const order = open.flatMap((count, index) => (count === 0 ? [index] : []));
  for (const index of order)
    for (const dependent of behind[index] ?? []) {
      const left = (open[dependent] ?? 0) - 1;
      open[dependent] = left;
      if (left === 0) order.push(dependent);
    }
  return order;
}

/** The ids in the order of `Graph`. */
export function topologicalOrder(steps: readonly GraphStep[]): string[] {
  return graphOf(steps).order.flatMap((index) => steps[index]?.id ?? []);
}

/**
 * The longest path from each step to the end of the run, its own weight included, in milliseconds: who has the longest goes
 * first (bottom level, as in list scheduling: Hu 1961; Kwok and Ahmad 1999). Steps of a cycle and behind one are missing.
 */
export function bottomLevels(
  steps: readonly (GraphStep & { readonly weightMs: number })[],
): Map<string, number> {
  const { behind, order } = graphOf(steps);
  const levels: number[] = [];
  for (const index of order.toReversed()) {
    let longest = 0;
    for (const dependent of behind[index] ?? []) longest = Math.max(longest, levels[dependent] ?? 0);
    levels[index] = longest + (steps[index]?.weightMs ?? 0);
  }
  return new Map(order.map((index) => [steps[index]?.id ?? '', levels[index] ?? 0]));
}
