import type { TaskState } from '@multiswarm/contracts';
import { stateOfNode } from './fold';
import { noteOf, titleOf } from './node-text';
import type { DrawingNode } from './step';

const CLASSES: Readonly<Record<TaskState, string>> = {
  blocked: 'fill:#f4f4f5,color:#3f3f46',
  queued: 'fill:#e4e4e7,color:#27272a',
  assigned: 'fill:#cfe8ff,color:#0b3d66',
  running: 'fill:#8ecbff,color:#0b3d66',
  waiting: 'fill:#fff3bf,color:#5c4400',
  backoff: 'fill:#ffd8a8,color:#6b3800',
  succeeded: 'fill:#c3eecb,color:#0f4a1d',
  failed: 'fill:#ffa8a8,color:#5f0f0f',
  cancelled: 'fill:#dee2e6,color:#343a40',
  expired: 'fill:#ff8787,color:#4a0606',
  skipped: 'fill:#f8f9fa,color:#868e96',
};

/**
 * A flowchart for Mermaid (https://mermaid.js.org/syntax/flowchart.html). Nodes are called n0, n1, …: ids of steps may be
 * words that Mermaid keeps for itself, such as `end`. Texts are quoted, and what means something in them is written as
 * an entity.
 */
export function toMermaid(nodes: readonly DrawingNode[]): string {
  const names = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const nameOf = (id: string): string => names.get(id) ?? '';
  const states = new Set(nodes.flatMap((node) => stateOfNode(node) ?? []));
  const edges = nodes.flatMap((node) => node.dependsOn.map((from) => ({ from, node })));
  const critical = edges.flatMap(({ from, node }, index) =>
    node.criticalFrom.includes(from) ? [index] : [],
  );
  const lines = [
    'flowchart TD',
    ...nodes.map((node) => `  ${nameOf(node.id)}["${labelOf(node)}"]${classOf(node)}`),
    ...edges.map(({ from, node }) => `  ${nameOf(from)} --> ${nameOf(node.id)}`),
    ...[...states].map((state) => `  classDef ${state} ${CLASSES[state]}`),
    ...nodes.flatMap((node) => (node.critical ? [`  style ${nameOf(node.id)} stroke-width:3px`] : [])),
    ...(critical.length === 0 ? [] : [`  linkStyle ${critical.join(',')} stroke-width:3px`]),
  ];
  return `${lines.join('\n')}\n`;
}

function classOf(node: DrawingNode): string {
  const state = stateOfNode(node);
  return state === undefined ? '' : `:::${state}`;
}

function labelOf(node: DrawingNode): string {
  const note = noteOf(node);
  const title = escaped(titleOf(node).text);
  return note === '' ? title : `${title}<br/>${escaped(note)}`;
}

/** Entity codes by number: https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters */
function escaped(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} .,:/×~✓✗▶▷○·↻⊘⧗»_+-]/gu, (char) => `#${char.codePointAt(0)};`);
}
