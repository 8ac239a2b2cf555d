import { Canvas } from './canvas';
import { columnsOf } from './columns';
import { stateOfNode } from './fold';
import { clip, type Ink, type Line } from './ink';
import { layered, type Layered } from './layers';
import { netsOf, type Net } from './nets';
import { noteOf, titleOf } from './node-text';
import type { DrawingNode } from './step';

/** Widest texts in boxes, tried from wide to narrow until the drawing fits. */
const TEXT_WIDTHS = [34, 26, 20, 16];
/** More nodes than these are not drawn as boxes: no window shows them. */
const MOST_NODES = 150;

export interface Room {
  /** Characters per line. */
  width: number;
  height?: number | undefined;
}

/** Boxes in layers, from the top down, with lines between them; undefined where they do not fit. */
export function drawBoxes(
  nodes: readonly DrawingNode[],
  { width, height = Infinity }: Room,
): Line[] | undefined {
  if (nodes.length > MOST_NODES || nodes.length === 0) return undefined;
  for (const text of TEXT_WIDTHS) {
    const layout = layered(nodes, (node) => boxWidth(node, text));
    const columns = columnsOf(layout);
    const right = Math.max(
      ...layout.vertices.map((vertex, at) => (columns[at] ?? 0) + (vertex.width - 1) / 2),
    );
    if (right >= width) continue;
    const lines = drawn(layout, columns, text);
    return lines.length <= height ? lines : undefined;
  }
  return undefined;
}

/** Odd, so that lines meet it in the middle. */
function boxWidth(node: DrawingNode, text: number): number {
  const inner = Math.max(titleOf(node, text).text.length, Math.min(noteOf(node).length, text), 3);
  const width = inner + 4;
  return width % 2 === 1 ? width : width + 1;
}

function drawn(layout: Layered, columns: readonly number[], text: number): Line[] {
  const canvas = new Canvas();
  const hasNotes = layout.vertices.some(({ node }) => node && noteOf(node) !== '');
  const boxHeight = hasNotes ? 4 : 3;
  const critical = new Set(
    layout.edges.flatMap((edge) => (edge.critical ? [`${edge.from}>${edge.to}`] : [])),
  );
  let id = BORDERS;
  let y = 0;
  layout.layers.forEach((layer, at) => {
    for (const vertex of layer) drawVertex(canvas, layout, columns, vertex, { y, boxHeight, text });
    const nets = netsOf(layout, at, columns);
    const rows = Math.max(1, ...nets.map(({ track }) => (track ?? -1) + 1));
    const bottom = y + boxHeight + rows;
    for (const net of nets) {
      id += 1;
      const row = net.track === undefined ? undefined : y + boxHeight + net.track;
      const top = (vertex: number): number => (layout.vertices[vertex]?.node ? y + boxHeight - 1 : y);
      drawNet(canvas, net, { id, row, top, bottom, critical });
    }
    y = bottom;
  });
  return canvas.lines();
}

function drawVertex(
  canvas: Canvas,
  { vertices }: Layered,
  columns: readonly number[],
  index: number,
  { y, boxHeight, text }: { y: number; boxHeight: number; text: number },
): void {
  const { node, width = 1 } = vertices[index] ?? {};
  // A line that passes is drawn with the net in which it goes on.
  if (!node) return;
  const x = (columns[index] ?? 0) - (width - 1) / 2;
  canvas.box(x, y, width, boxHeight, BORDERS, node.critical ? 2 : 1);
  const inMiddle = (row: number, said: string, ink: Ink): void =>
    canvas.text(x + 2 + Math.floor((width - 4 - said.length) / 2), row, said, ink);
  inMiddle(y + 1, titleOf(node, width - 4).text, stateOfNode(node) ?? 'strong');
  if (boxHeight > 3) inMiddle(y + 2, clip(noteOf(node), Math.min(text, width - 4)), 'faint');
}

/** The net of all borders: lines that meet one join it. */
const BORDERS = 0;

interface Course {
  id: number;
  /** Of its level part. */
  row: number | undefined;
  /** Row in which the line of a vertex begins. */
  top: (vertex: number) => number;
  bottom: number;
  /** Edges on the critical path, as `from>to`. */
  critical: ReadonlySet<string>;
}

function drawNet(canvas: Canvas, net: Net, { id, row, top, bottom, critical }: Course): void {
  for (const source of net.sources)
    for (const target of net.targets) {
      const weight = critical.has(`${source.vertex}>${target.vertex}`) ? 2 : 1;
      const turn = row ?? bottom;
      canvas.upright(source.column, top(source.vertex), turn, id, weight);
      if (row === undefined) continue;
      canvas.level(row, source.column, target.column, id, weight);
      canvas.upright(target.column, row, bottom, id, weight);
    }
}
