import { toPointer, type Finding } from '@multiswarm/contracts';
import { fieldsOf, isFields, listOf, textOf, type Fields, type Imported } from './imported';
import { toStepId } from './step-ids';

/** The type of a step of an imported plan: one agent that follows `input.instruction`. */
export const WORFBENCH_TYPE = 'plan-step';

const ENDS = new Set(['START', 'END']);

/** Whether it is a plan of WorfBench: nodes with a text each, and edges between them, from START to END. */
export function isWorfbench(document: unknown): boolean {
  return isFields(document) && isFields(document['nodes']) && Array.isArray(document['edges']);
}

/** What a plan is called in its file. */
export function worfbenchName(document: unknown): string | undefined {
  return textOf(fieldsOf(document)['id']);
}

/**
 * A plan of an agent (WorfBench, https://github.com/zjunlp/WorfBench) as a workflow: one step per node with its text as
 * `input.instruction`, edges as dependencies. START and END are no steps.
 */
export function importWorfbench(document: unknown): Imported {
  const plan = fieldsOf(document);
  const nodes = Object.entries(fieldsOf(plan['nodes'])).filter(([id]) => !ENDS.has(id));
  const findings: Finding[] = [];
  if (nodes.length === 0) findings.push({ pointer: '/nodes', code: 'empty', message: 'there are no nodes' });
  for (const [id, text] of nodes)
    if (typeof text !== 'string')
      findings.push({ pointer: toPointer(['nodes', id]), code: 'invalid-type', message: 'expected text' });
  const dependencies = dependenciesOf(plan, new Set(nodes.map(([id]) => id)), findings);
  const name = worfbenchName(plan);
  const workflow = {
    ...(name === undefined ? {} : { name: toStepId(name) }),
    tasks: nodes.map(([id, instruction]) => ({
      id: toStepId(id),
      type: WORFBENCH_TYPE,
      input: { instruction },
    })),
    dependencies,
    metadata: { 'worfbench.source': textOf(plan['source']) ?? 'unknown' },
  };
  return { workflow: findings.length === 0 ? workflow : undefined, findings, warnings: [], notes: [] };
}

function dependenciesOf(
  plan: Fields,
  known: ReadonlySet<string>,
  findings: Finding[],
): Record<string, string[]> {
  const waitsFor = new Map<string, Set<string>>();
  listOf(plan['edges']).forEach((edge, index) => {
    const [from, to] = listOf(edge).map(textOf);
    const pointer = toPointer(['edges', index]);
    if (from === undefined || to === undefined)
      findings.push({ pointer, code: 'invalid-type', message: 'expected two ids of nodes' });
    for (const end of [from, to])
      if (end !== undefined && !ENDS.has(end) && !known.has(end))
        findings.push({ pointer, code: 'unknown-node', message: `no node has the id "${end}"` });
    if (from === undefined || to === undefined || !known.has(from) || !known.has(to)) return;
    waitsFor.set(to, (waitsFor.get(to) ?? new Set()).add(from));
  });
  return Object.fromEntries(
    [...waitsFor].map(([to, froms]) => [toStepId(to), [...froms].map(toStepId)] as const),
  );
}
