import { LIMITS } from '@multiswarm/contracts';

/** At most `LIMITS.FINDINGS` cycles, each as the steps on its way. None exactly where the graph has none. */
export function findCycles(dependencies: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  for (const cycle of cyclesOf(dependencies)) {
    if (cycles.push(cycle) === LIMITS.FINDINGS) break;
  }
  return cycles;
}

/**
 * One cycle per edge that leads back into the path of an iterative depth-first search (deep chains must not overflow the
 * stack). Each costs the length of the path, so a caller stops when it has enough.
 */
export function* cyclesOf(dependencies: ReadonlyMap<string, readonly string[]>): Generator<string[]> {
  const state = new Map<string, 'open' | 'done'>();
  for (const start of dependencies.keys()) {
    if (state.has(start)) continue;
    const path: { node: string; next: number }[] = [{ node: start, next: 0 }];
    state.set(start, 'open');
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const upstream = dependencies.get(top.node)?.[top.next];
      top.next += 1;
      if (upstream === undefined) {
        state.set(top.node, 'done');
        path.pop();
      } else if (!state.has(upstream)) {
        state.set(upstream, 'open');
        path.push({ node: upstream, next: 0 });
      } else if (state.get(upstream) === 'open') {
        const nodes = path.map(({ node }) => node);
        yield nodes.slice(nodes.indexOf(upstream));
      }
    }
  }
}
