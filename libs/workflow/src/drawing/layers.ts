import { acyclicGraphOf } from '../graph';
import type { DrawingNode } from './step';

/** A place in a layer: a node, or where an edge passes that is longer than one layer. */
export interface Vertex {
  layer: number;
  /** Columns; odd, so that it has a middle. */
  width: number;
  node?: DrawingNode;
}

/** Between a vertex and one of the next layer. */
export interface Edge {
  from: number;
  to: number;
  critical: boolean;
}

export interface Layered {
  vertices: Vertex[];
  edges: Edge[];
  /** Vertices of each layer, from left to right. */
  layers: number[][];
}

const SWEEPS = 12;

/**
 * A layered drawing (K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system structures",
 * 1981): each node one layer behind the last that it waits for, long edges by way of vertices between, and within the layers an
 * order by the mean place of neighbours, swept down and up, of which the one with the fewest crossings is kept.
 */
export function layered(nodes: readonly DrawingNode[], widthOf: (node: DrawingNode) => number): Layered {
  const { before, order } = acyclicGraphOf(nodes);
  const vertices: Vertex[] = nodes.map((node) => ({ layer: 0, width: widthOf(node), node }));
  for (const index of order)
    for (const upstream of before[index] ?? [])
      vertexOf(vertices, index).layer = Math.max(
        vertexOf(vertices, index).layer,
        vertexOf(vertices, upstream).layer + 1,
      );
  const edges = adjacentEdges(nodes, before, vertices);
  const layers: number[][] = [];
  vertices.forEach(({ layer }, index) => (layers[layer] ??= []).push(index));
  return { vertices, edges, layers: ordered(layers, edges, vertices) };
}

/** Edges from layer to layer. All long edges of a node share the vertices on their way. */
function adjacentEdges(
  nodes: readonly DrawingNode[],
  before: readonly (readonly number[])[],
  vertices: Vertex[],
): Edge[] {
  const edges = new Map<string, Edge>();
  const passing = new Map<string, number>();
  const join = (from: number, to: number, critical: boolean): void => {
    const key = `${from}>${to}`;
    const known = edges.get(key);
    if (known) known.critical ||= critical;
    else edges.set(key, { from, to, critical });
  };
  const passAt = (source: number, layer: number): number => {
    const key = `${source}@${layer}`;
    const known = passing.get(key);
    if (known !== undefined) return known;
    passing.set(key, vertices.length);
    return vertices.push({ layer, width: 1 }) - 1;
  };
  nodes.forEach((node, index) => {
    for (const source of before[index] ?? []) {
      const critical = node.criticalFrom.includes(nodes[source]?.id ?? '');
      let from = source;
      for (
        let layer = vertexOf(vertices, source).layer + 1;
        layer < vertexOf(vertices, index).layer;
        layer += 1
      ) {
        const pass = passAt(source, layer);
        join(from, pass, critical);
        from = pass;
      }
      join(from, index, critical);
    }
  });
  return [...edges.values()];
}

function ordered(
  layers: readonly number[][],
  edges: readonly Edge[],
  vertices: readonly Vertex[],
): number[][] {
  const up = vertices.map((): number[] => []);
  const down = vertices.map((): number[] => []);
  for (const { from, to } of edges) {
    up[to]?.push(from);
    down[from]?.push(to);
  }
  let current = layers.map((layer) => [...layer]);
  let best = current;
  let fewest = crossings(current, down);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    current = swept(current, sweep % 2 === 0 ? up : down, sweep % 2 === 0);
    const count = crossings(current, down);
    if (count < fewest) [best, fewest] = [current, count];
  }
  return best;
}

function swept(layers: readonly number[][], neighbours: readonly number[][], isDown: boolean): number[][] {
  const result = layers.map((layer) => [...layer]);
  const places = new Map<number, number>();
  const note = (layer: readonly number[]): void =>
    layer.forEach((vertex, place) => places.set(vertex, place / Math.max(1, layer.length - 1)));
  const sequence = [...result.keys()];
  if (!isDown) sequence.reverse();
  for (const at of sequence) {
    const layer = result[at] ?? [];
    const mean = new Map(
      layer.map((vertex, place) => {
        const others = (neighbours[vertex] ?? []).map((other) => places.get(other) ?? 0);
        const own = place / Math.max(1, layer.length - 1);
        return [vertex, others.length === 0 ? own : others.reduce((a, b) => a + b, 0) / others.length];
      }),
    );
    layer.sort((a, b) => (mean.get(a) ?? 0) - (mean.get(b) ?? 0));
    note(layer);
  }
  return result;
}

/** Pairs of edges that cross. The layers of a drawing that fits a window are short, so every pair is looked at. */
function crossings(layers: readonly number[][], down: readonly number[][]): number {
  let count = 0;
  for (const [at, layer] of layers.entries()) {
    const places = new Map((layers[at + 1] ?? []).map((vertex, place) => [vertex, place]));
    const ends = layer.map((vertex) => (down[vertex] ?? []).map((to) => places.get(to) ?? 0));
    for (const [left, leftEnds] of ends.entries())
      for (const rightEnds of ends.slice(left + 1)) count += crossingPairs(leftEnds, rightEnds);
  }
  return count;
}

function crossingPairs(leftEnds: readonly number[], rightEnds: readonly number[]): number {
  return leftEnds.reduce((sum, end) => sum + rightEnds.filter((other) => other < end).length, 0);
}

function vertexOf(vertices: readonly Vertex[], index: number): Vertex {
  return vertices[index] as Vertex; // every index of the graph has one
}
