import { acyclicGraphOf } from '../graph';
import { dominatorsOf } from './dominators';
import { stateOfNode } from './fold';
import { clip, type Line, type Part } from './ink';
import { noteOf, titleOf } from './node-text';
import type { DrawingNode } from './step';

const LEAST_TITLE = 16;
/** What a step waits for besides the line above it. */
const NAMED = 3;

interface Row {
  prefix: string;
  node: DrawingNode;
  after: string;
}

/**
 * An indented list, a line per node, for graphs too wide for boxes. A node stands below the last one that all ways to it lead
 * through; what follows as the only one stands straight below; where it waits for others than the line above, they are named.
 */
export function drawTree(nodes: readonly DrawingNode[], width: number): Line[] {
  const rows = rowsOf(nodes);
  const title = Math.min(
    Math.max(LEAST_TITLE, ...rows.map(({ prefix, node }) => prefix.length + titleOf(node).text.length + 2)),
    Math.max(LEAST_TITLE, Math.floor(width * 0.6)),
  );
  const note = Math.max(0, ...rows.map(({ node }) => noteOf(node).length));
  return rows.map((row) => lineOf(row, title, note, width));
}

function lineOf({ prefix, node, after }: Row, titleWidth: number, noteWidth: number, width: number): Line {
  const room = Math.max(LEAST_TITLE, titleWidth - prefix.length - 2);
  const { text, ink = 'strong' } = titleOf(node, room);
  const mark: Part = node.critical ? { text: '◆ ', ink: 'critical' } : { text: '  ' };
  const gap = ' '.repeat(Math.max(0, titleWidth - prefix.length - 2 - text.length));
  const left: Part[] = [mark, { text: prefix, ink: 'faint' }, { text, ink }, { text: gap }];
  const said = noteOf(node).padEnd(after === '' ? 0 : noteWidth);
  const rest = Math.max(0, width - titleWidth - 2);
  const noted = clip(said, rest);
  const more = clip(after, Math.max(0, rest - noted.length - 2));
  return [
    ...left,
    { text: `  ${noted}`, ink: stateOfNode(node) },
    { text: more === '' ? '' : `  ${more}`, ink: 'faint' },
  ];
}

function rowsOf(nodes: readonly DrawingNode[]): Row[] {
  const graph = acyclicGraphOf(nodes);
  const dominators = dominatorsOf(graph);
  const children = new Map<number | undefined, number[]>();
  for (const index of graph.order) {
    const known = children.get(dominators[index]);
    if (known) known.push(index);
    else children.set(dominators[index], [index]);
  }
  const rows: Row[] = [];
  // Deep graphs must not overflow the stack, so what is still to be drawn is kept here, the next one last.
  const open = stacked(children.get(undefined) ?? [], '', true);
  for (let next = open.pop(); next; next = open.pop()) {
    const node = nodes[next.index] as DrawingNode; // every index of the graph has one
    rows.push({
      prefix: next.prefix,
      node,
      after: afterText(nodes, graph.before[next.index] ?? [], dominators[next.index]),
    });
    open.push(...stacked(children.get(next.index) ?? [], next.below, false));
  }
  return rows;
}

interface Open {
  index: number;
  prefix: string;
  /** The prefix of what stands below it. */
  below: string;
}

/** In reverse: the first one is taken from the end. An only child, and a root, is not indented. */
function stacked(children: readonly number[], prefix: string, isRoot: boolean): Open[] {
  const isStraight = isRoot || children.length === 1;
  return children
    .map((index, at): Open => {
      if (isStraight) return { index, prefix, below: prefix };
      const isLast = at === children.length - 1;
      return {
        index,
        prefix: `${prefix}${isLast ? '└─ ' : '├─ '}`,
        below: `${prefix}${isLast ? '   ' : '│  '}`,
      };
    })
    .reverse();
}

function afterText(
  nodes: readonly DrawingNode[],
  before: readonly number[],
  above: number | undefined,
): string {
  if (before.length === 0 || (before.length === 1 && before[0] === above)) return '';
  const named = before.slice(0, NAMED).map((index) => nodes[index]?.label ?? '');
  const more = before.length > NAMED ? ` and ${before.length - NAMED} more` : '';
  return `after ${named.join(', ')}${more}`;
}
