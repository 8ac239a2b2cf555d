/** One step of a replayed workflow, with whole milliseconds, as its slot is really held. */
export interface ReplayedStep {
  holdMs: number;
  /** Places of the steps that it waits for, in the list of all. */
  parents: readonly number[];
}

/** What no schedule can be faster than: the longest chain, and all work shared evenly over the slots. Milliseconds. */
export function lowerBoundMs(steps: readonly ReplayedStep[], slots: number): number {
  const work = steps.reduce((sum, { holdMs }) => sum + holdMs, 0);
  return bottomLevelsMs(steps).reduce((most, level) => Math.max(most, level), work / slots);
}

/**
 * For each step the longest way from its start to the end of the workflow, its own time included (its bottom level). Not the
 * function with which the engine orders steps: a fault of that one must not be in what it is measured against.
 */
export function bottomLevelsMs(steps: readonly ReplayedStep[]): number[] {
  const levels = steps.map(({ holdMs }) => holdMs);
  for (const at of parentsFirst(steps).reverse()) {
    const own = levels[at] ?? 0;
    for (const parent of steps[at]?.parents ?? [])
      levels[parent] = Math.max(levels[parent] ?? 0, (steps[parent]?.holdMs ?? 0) + own);
  }
  return levels;
}

export function childrenOf(steps: readonly ReplayedStep[]): number[][] {
  const children: number[][] = steps.map(() => []);
  steps.forEach(({ parents }, at) => {
    for (const parent of parents) children[parent]?.push(at);
  });
  return children;
}

/** Kahn's order. Throws where steps wait for each other. */
function parentsFirst(steps: readonly ReplayedStep[]): number[] {
  const children = childrenOf(steps);
  const waitsFor = steps.map(({ parents }) => parents.length);
  const order = steps.flatMap(({ parents }, at) => (parents.length === 0 ? [at] : []));
  for (const at of order) {
    for (const child of children[at] ?? []) {
      const left = (waitsFor[child] ?? 0) - 1;
      waitsFor[child] = left;
      if (left === 0) order.push(child);
    }
  }
  if (order.length !== steps.length) throw new Error('steps wait for each other in a circle');
  return order;
}
