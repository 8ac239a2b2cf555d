/** The graph of a forecast, by position instead of by name: built once, walked several times. */
export interface Graph {
  /** Of each step the steps that it waits for; names that are no step are left out. */
  readonly before: readonly (readonly number[])[];
  /** Steps after all that they wait for. */
  readonly order: readonly number[];
}

export interface Node {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/**
 * O(steps + edges), iterative: a chain of any length does not overflow the stack.
 * @throws Error where there is a cycle, which no validated workflow has
 */
export function graphOf(nodes: readonly Node[]): Graph {
  const at = new Map(nodes.map(({ id }, index) => [id, index]));
  const before = nodes.map(({ dependsOn }) =>
    [...new Set(dependsOn)].flatMap((id) => {
      const index = at.get(id);
      return index === undefined ? [] : [index];
    }),
  );
  const behind = nodes.map((): number[] => []);
  before.forEach((upstream, index) => {
    for (const dependency of upstream) behind[dependency]?.push(index);
  });
  return { before, order: inOrder(before, behind) };
}

/** Kahn's algorithm. */
function inOrder(before: readonly (readonly number[])[], behind: readonly (readonly number[])[]): number[] {
  const open = before.map(({ length }) => length);
  const order = open.flatMap((count, index) => (count === 0 ? [index] : []));
  for (const index of order) {
    for (const dependent of behind[index] ?? []) {
      const left = (open[dependent] ?? 0) - 1;
      open[dependent] = left;
      if (left === 0) order.push(dependent);
    }
  }
  if (order.length < before.length) throw new Error('invariant: the steps of a forecast form a cycle');
  return order;
}
