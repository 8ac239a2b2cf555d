import type { Layered, Vertex } from './layers';

const GAP = 2;
const SWEEPS = 6;
/** How much more it weighs that a long line is straight than that a box is near its neighbours. */
const STRAIGHT = 8;

/**
 * The column of the middle of each vertex: as near as can be to the mean of its neighbours, without boxes that touch. Within
 * a layer that is an isotonic regression, solved by pooling adjacent violators (M. Ayer et al., 1955).
 */
export function columnsOf({ vertices, edges, layers }: Layered): number[] {
  const up = vertices.map((): number[] => []);
  const down = vertices.map((): number[] => []);
  for (const { from, to } of edges) {
    up[to]?.push(from);
    down[from]?.push(to);
  }
  const columns = vertices.map(() => 0);
  for (const layer of layers)
    packed(layer, vertices).forEach((offset, place) => (columns[layer[place] ?? 0] = offset));
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isDown = sweep % 2 === 0;
    const sequence = isDown ? layers : [...layers].reverse();
    for (const layer of sequence) settle(layer, vertices, isDown ? up : down, columns);
  }
  const left = Math.min(...vertices.map(({ width }, index) => (columns[index] ?? 0) - (width - 1) / 2));
  return columns.map((column) => column - left);
}

/** Columns of a layer whose boxes stand as close as they may. */
function packed(layer: readonly number[], vertices: readonly Vertex[]): number[] {
  let column = 0;
  return layer.map((vertex, place) => {
    const before = vertices[layer[place - 1] ?? -1];
    const half = ((vertices[vertex]?.width ?? 1) - 1) / 2;
    if (before) column += (before.width - 1) / 2 + 1 + GAP + half;
    return column;
  });
}

function settle(
  layer: readonly number[],
  vertices: readonly Vertex[],
  neighbours: readonly (readonly number[])[],
  columns: number[],
): void {
  const offsets = packed(layer, vertices);
  const wanted = layer.map((vertex, place) => {
    const others = neighbours[vertex] ?? [];
    const own = columns[vertex] ?? 0;
    const mean =
      others.length === 0 ? own : others.reduce((sum, each) => sum + (columns[each] ?? 0), 0) / others.length;
    return mean - (offsets[place] ?? 0);
  });
  const weights = layer.map((vertex) => (vertices[vertex]?.node ? 1 : STRAIGHT));
  increasing(wanted, weights).forEach((value, place) => {
    columns[layer[place] ?? 0] = Math.round(value) + (offsets[place] ?? 0);
  });
}

/** The nearest sequence, by weighted squares, that never falls. */
function increasing(values: readonly number[], weights: readonly number[]): number[] {
  const blocks: { sum: number; weight: number; count: number }[] = [];
  values.forEach((value, at) => {
    const weight = weights[at] ?? 1;
    let block = { sum: value * weight, weight, count: 1 };
    for (
      let last = blocks.at(-1);
      last && last.sum / last.weight >= block.sum / block.weight;
      last = blocks.at(-1)
    ) {
      block = {
        sum: last.sum + block.sum,
        weight: last.weight + block.weight,
        count: last.count + block.count,
      };
      blocks.pop();
    }
    blocks.push(block);
  });
  return blocks.flatMap(({ sum, weight, count }) => new Array<number>(count).fill(sum / weight));
}
