import type { TaskState } from '@multiswarm/contracts';
import { acyclicGraphOf } from '../graph';
import { BY_INTEREST, STATE_MARKS } from './ink';
import { commonLabel, stemOf } from './labels';
import type { DrawingNode, DrawingStep } from './step';

/** So many steps with alike names are drawn as one. */
const ALIKE = 4;
/** So many without alike names. */
const ALIKE_BUT_IN_NAME = 12;

/**
 * Steps that do the same at the same place of the graph, as one node each: items of a map, and fan-outs of many steps of one
 * type that wait for the same and are waited for by the same. O(steps + edges).
 * @param path the critical path, in its order
 * @param all false leaves every step a node of its own, but items stay with their map
 */
export function foldSteps(
  steps: readonly DrawingStep[],
  path: readonly string[] = [],
  all = true,
): DrawingNode[] {
  const maps = mapsOf(steps);
  return withPath(all ? foldAlike(maps) : maps, path);
}

function withPath(nodes: readonly DrawingNode[], path: readonly string[]): DrawingNode[] {
  const nodeOf = new Map(
    nodes.flatMap(({ id, steps }) => [[id, id] as const, ...steps.map((step) => [step.id, id] as const)]),
  );
  const from = new Map<string, string[]>();
  path.forEach((step, at) => {
    const node = nodeOf.get(step);
    if (node === undefined) return;
    const known = from.get(node) ?? [];
    const before = nodeOf.get(path[at - 1] ?? '');
    if (before !== undefined && before !== node) known.push(before);
    from.set(node, known);
  });
  return nodes.map((node) => ({
    ...node,
    critical: from.has(node.id),
    criticalFrom: from.get(node.id) ?? [],
  }));
}

const OFF_PATH = { critical: false, criticalFrom: [] };

/** A map and its items are one node. */
function mapsOf(steps: readonly DrawingStep[]): DrawingNode[] {
  const ids = new Set(steps.map(({ id }) => id));
  const items = new Map<string, DrawingStep[]>();
  const ownerOf = new Map<string, string>();
  for (const step of steps) {
    if (step.role !== 'item' || step.of === undefined || !ids.has(step.of)) continue;
    ownerOf.set(step.id, step.of);
    const known = items.get(step.of);
    if (known) known.push(step);
    else items.set(step.of, [step]);
  }
  return steps.flatMap((step): DrawingNode[] => {
    if (ownerOf.has(step.id)) return [];
    const own = items.get(step.id);
    const dependsOn = unique(step.dependsOn.map((id) => ownerOf.get(id) ?? id)).filter(
      (id) => ids.has(id) && id !== step.id,
    );
    const label = own ? commonLabel(own.map(({ id }) => id)) : step.id;
    return [{ id: step.id, label, steps: own ?? [step], dependsOn, ...OFF_PATH }];
  });
}

function foldAlike(nodes: readonly DrawingNode[]): DrawingNode[] {
  const { before, behind, order } = acyclicGraphOf(nodes);
  const layers: number[] = [];
  for (const index of order)
    layers[index] = 1 + Math.max(-1, ...(before[index] ?? []).map((each) => layers[each] ?? 0));
  const byName = colours(nodes, order, before, behind, layers, true);
  const byPlace = colours(nodes, order, before, behind, layers, false);
  const groups = new Map<string, DrawingNode[]>();
  const sizes = (keys: readonly number[]): Map<number, number> => {
    const counts = new Map<number, number>();
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts;
  };
  const named = sizes(byName);
  const placed = sizes(byPlace);
  nodes.forEach((node, index) => {
    const name = byName[index] ?? -1;
    const place = byPlace[index] ?? -1;
    const isAlike = (named.get(name) ?? 0) >= ALIKE;
    const isCrowd = !isAlike && (placed.get(place) ?? 0) >= ALIKE_BUT_IN_NAME;
    const key =
      node.steps.length > 1 ? `m${index}` : isAlike ? `n${name}` : isCrowd ? `p${place}` : `i${index}`;
    const group = groups.get(key);
    if (group) group.push(node);
    else groups.set(key, [node]);
  });
  return merged([...groups.values()]);
}

/**
 * A number for each node, equal for nodes that are alike: of one layer, type and kind of name, behind alike nodes, and before
 * alike nodes. A layer is a part of it, so that what is merged has no cycle.
 */
function colours(
  nodes: readonly DrawingNode[],
  order: readonly number[],
  before: readonly (readonly number[])[],
  behind: readonly (readonly number[])[],
  layers: readonly number[],
  isNamed: boolean,
): number[] {
  const forward: number[] = [];
  const known = new Map<string, number>();
  const numberOf = (key: string): number => {
    const number = known.get(key) ?? known.size;
    known.set(key, number);
    return number;
  };
  const colourSet = (indexes: readonly number[], colour: readonly number[]): string =>
    unique(indexes.map((each) => colour[each] ?? -1))
      .sort((a, b) => a - b)
      .join(',');
  for (const index of order) {
    const node = nodes[index];
    const name = isNamed ? stemOf(node?.id ?? '') : '';
    const key = `${layers[index]}|${node?.steps[0]?.type}|${name}|${colourSet(before[index] ?? [], forward)}`;
    forward[index] = numberOf(key);
  }
  const both: number[] = [];
  for (const index of [...order].reverse())
    both[index] = numberOf(`b${forward[index]}|${colourSet(behind[index] ?? [], both)}`);
  return both;
}

function merged(groups: readonly (readonly DrawingNode[])[]): DrawingNode[] {
  const nodeOf = new Map<string, string>();
  for (const group of groups) for (const { id } of group) nodeOf.set(id, group[0]?.id ?? id);
  return groups.flatMap((group): DrawingNode[] => {
    const [first] = group;
    if (!first) return [];
    if (group.length === 1)
      return [{ ...first, dependsOn: unique(first.dependsOn.map((id) => nodeOf.get(id) ?? id)) }];
    const dependsOn = unique(group.flatMap((node) => node.dependsOn.map((id) => nodeOf.get(id) ?? id)));
    const steps = group.flatMap((node) => node.steps);
    const label = commonLabel(steps.map(({ id }) => id));
    return [{ ...first, label, steps, dependsOn }];
  });
}

function unique<T>(list: readonly T[]): T[] {
  return [...new Set(list)];
}

/** How many of the steps are in which state, the most interesting first. */
export function stateCounts(node: DrawingNode): [TaskState, number][] {
  const counts = new Map<TaskState, number>();
  for (const { state } of node.steps)
    if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1);
  return BY_INTEREST.flatMap((state): [TaskState, number][] => {
    const count = counts.get(state);
    return count === undefined ? [] : [[state, count]];
  });
}

/** The state that a node shows: that of its most interesting step. */
export function stateOfNode(node: DrawingNode): TaskState | undefined {
  return stateCounts(node)[0]?.[0];
}

/** `✗2 ▶18 ✓980` */
export function countText(node: DrawingNode): string {
  return stateCounts(node)
    .map(([state, count]) => `${STATE_MARKS[state]}${count}`)
    .join(' ');
}
