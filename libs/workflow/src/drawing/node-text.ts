import { clipMiddle, STATE_MARKS, type Part } from './ink';
import { countText, stateOfNode } from './fold';
import type { DrawingNode } from './step';

/** `✓ fetch`, `crawl[0..999] ×1000`: what a node is called, with the mark of its state where it has one. */
export function titleOf(node: DrawingNode, width = Infinity): Part {
  const state = stateOfNode(node);
  const mark = state === undefined ? '' : `${STATE_MARKS[state]} `;
  const times = node.steps.length > 1 ? ` ×${node.steps.length}` : '';
  return { text: `${mark}${clipMiddle(node.label, width - mark.length - times.length)}${times}`, ink: state };
}

/** `running 3.2 s`, `✓980 ✗2 ▶18`: what is said of it; of many without states what all of them say, or else their type. */
export function noteOf(node: DrawingNode): string {
  const [first] = node.steps;
  if (node.steps.length <= 1) return first?.note ?? '';
  const counts = countText(node);
  if (counts !== '') return counts;
  return (node.steps.every(({ note }) => note === first?.note) ? first?.note : first?.type) ?? '';
}
