import type { TaskState } from '@multiswarm/contracts';
import { stateOfNode } from './fold';
import { noteOf, titleOf } from './node-text';
import type { DrawingNode } from './step';

/** Filled with, and written on it: colours that are told apart also by those who do not see red and green. */
const FILLS: Readonly<Record<TaskState, string>> = {
  blocked: '#f4f4f5',
  queued: '#e4e4e7',
  assigned: '#cfe8ff',
  running: '#8ecbff',
  waiting: '#fff3bf',
  backoff: '#ffd8a8',
  succeeded: '#c3eecb',
  failed: '#ffa8a8',
  cancelled: '#dee2e6',
  expired: '#ff8787',
  skipped: '#f8f9fa',
};

/**
 * A graph in the DOT language of Graphviz (https://graphviz.org/doc/info/lang.html). Every name is a quoted string, so that
 * none is a keyword, a port or a number.
 */
export function toDot(nodes: readonly DrawingNode[], name = 'workflow'): string {
  const lines = [
    `digraph ${quoted(name)} {`,
    '  rankdir=TB;',
    '  node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="sans-serif", fontsize=11];',
    '  edge [color="#71717a", arrowsize=0.7];',
    ...nodes.map((node) => `  ${quoted(node.id)} [${attributes(node)}];`),
    ...nodes.flatMap((node) => node.dependsOn.map((from) => edgeLine(from, node))),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function attributes(node: DrawingNode): string {
  const state = stateOfNode(node);
  const note = noteOf(node);
  const label = note === '' ? titleOf(node).text : `${titleOf(node).text}\n${note}`;
  const fill = state === undefined ? '' : `, fillcolor=${quoted(FILLS[state])}`;
  return `label=${quoted(label)}${fill}${node.critical ? ', penwidth=2.5' : ''}`;
}

function edgeLine(from: string, node: DrawingNode): string {
  const style = node.criticalFrom.includes(from) ? ' [penwidth=2.5, color="#18181b"]' : '';
  return `  ${quoted(from)} -> ${quoted(node.id)}${style};`;
}

/** In a quoted string only the quote is escaped; a backslash begins an escape of labels, so it is doubled. */
function quoted(text: string): string {
  const safe = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll(/\r?\n/g, '\\n');
  return `"${safe}"`;
}
