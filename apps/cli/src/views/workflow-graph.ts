import {
  BY_INTEREST,
  drawBoxes,
  drawTree,
  STATE_MARKS,
  stateCounts,
  type DrawingNode,
  type Line,
} from '@multiswarm/workflow';
import type { Paint } from '../output/paint';
import { paintLine } from '../output/paint-line';
import { shownRows } from './shown-rows';

export interface Page {
  /** Characters per line. */
  width: number;
  /** Lines, where there are not as many as one likes. */
  height?: number | undefined;
  color: Paint;
}

/** Where nobody says how wide the window is. */
export const PAGE_WIDTH = 100;

/** Boxes where they fit, else an indented list; and what the marks mean. */
export function graphLines(nodes: readonly DrawingNode[], { width, height, color }: Page): string[] {
  const room = height === undefined ? undefined : height - 1;
  const drawn =
    drawBoxes(nodes, { width, height: room }) ?? shownRows(drawTree(nodes, width), nodes.length, room);
  return [...drawn.map((line: Line) => paintLine(line, color)), ...legend(nodes, color)];
}

/** `✓ succeeded  ▶ running  · blocked   ━ ◆ critical path` */
function legend(nodes: readonly DrawingNode[], color: Paint): string[] {
  const used = new Set(nodes.flatMap((node) => stateCounts(node).map(([state]) => state)));
  const marks = BY_INTEREST.filter((state) => used.has(state)).map(
    (state) => `${STATE_MARKS[state]} ${state}`,
  );
  const path = nodes.some(({ critical }) => critical) ? ['━ ◆ critical path'] : [];
  const all = [...marks, ...path];
  return all.length === 0 ? [] : [color.dim(all.join('  '))];
}
