import type { z } from 'zod';
import type { Finding } from './errors';
import { toFindings, toPointer } from './findings';
import { LIMITS } from './limits';
import { WorkflowSubmission } from './workflow';

export type WorkflowValidation = { ok: true; workflow: WorkflowSubmission } | { ok: false; findings: Finding[] };

/**
 * Everything that is wrong with a workflow, at once: faults of the schema and, as far as the graph can be read in
 * spite of them, duplicate ids, unknown dependencies and every cycle with its path.
 */
export function validateWorkflow(given: unknown): WorkflowValidation {
  const parsed = WorkflowSubmission.safeParse(given);
  const findings = [...(parsed.success ? [] : toFindings(parsed.error as z.ZodError)), ...graphFindings(readGraph(given))];
  if (parsed.success && findings.length === 0) return { ok: true, workflow: parsed.data };
  return { ok: false, findings: findings.slice(0, LIMITS.FINDINGS) };
}

interface Graph {
  ids: { id: string; index: number; key: string; input: unknown }[];
  dependencies: [step: string, upstream: string[]][];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What can be read of the graph, whatever else is wrong with the document. */
function readGraph(given: unknown): Graph {
  const graph: Graph = { ids: [], dependencies: [] };
  if (!isRecord(given)) return graph;
  const tasks = Array.isArray(given['tasks']) ? given['tasks'].slice(0, LIMITS.WORKFLOW_STEPS) : [];
  tasks.forEach((task: unknown, index) => {
    if (!isRecord(task)) return;
    const key = typeof task['id'] === 'string' ? 'id' : 'task_id';
    const id = task[key];
    if (typeof id === 'string') graph.ids.push({ id, index, key, input: task['input'] });
  });
  if (!isRecord(given['dependencies'])) return graph;
  for (const [step, upstream] of Object.entries(given['dependencies'])) {
    if (Array.isArray(upstream)) graph.dependencies.push([step, upstream.filter((u): u is string => typeof u === 'string')]);
  }
  return graph;
}

function graphFindings(graph: Graph): Finding[] {
  const findings: Finding[] = [];
  const first = new Map<string, number>();
  for (const { id, index, key } of graph.ids) {
    const before = first.get(id);
    if (before === undefined) first.set(id, index);
    else findings.push({ pointer: toPointer(['tasks', index, key]), code: 'duplicate-id', message: `"${id}" is already the id of tasks[${before}]` });
  }
  const inputs = new Map(graph.ids.map(({ id, input, index }) => [id, { input, index }]));
  for (const [step, upstream] of graph.dependencies) {
    if (!first.has(step)) {
      findings.push({ pointer: toPointer(['dependencies', step]), code: 'unknown-step', message: `no task has the id "${step}"` });
    }
    const own = inputs.get(step);
    if (upstream.length > 0 && own && own.input !== undefined && !isRecord(own.input)) {
      findings.push({
        pointer: toPointer(['tasks', own.index, 'input']),
        code: 'input-not-object',
        message: `the input of a step with dependencies must be an object: it receives their outputs under "upstream"`,
      });
    }
    const seen = new Set<string>();
    upstream.forEach((name, index) => {
      const pointer = toPointer(['dependencies', step, index]);
      if (!first.has(name)) findings.push({ pointer, code: 'unknown-dependency', message: `no task has the id "${name}"` });
      if (seen.has(name)) findings.push({ pointer, code: 'duplicate-dependency', message: `"${name}" is listed twice` });
      seen.add(name);
    });
  }
  for (const cycle of findCycles(new Map(graph.dependencies))) {
    findings.push({ pointer: toPointer(['dependencies', cycle[0] ?? '']), code: 'cycle', message: `cycle: ${[...cycle, cycle[0]].join(' -> ')}` });
  }
  return findings;
}

/** One cycle per strongly tangled place, found by an iterative depth-first search (deep chains must not overflow the stack). */
export function findCycles(dependencies: ReadonlyMap<string, readonly string[]>): string[][] {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[][] = [];
  for (const start of dependencies.keys()) {
    if (state.has(start)) continue;
    const path: { node: string; next: number }[] = [{ node: start, next: 0 }];
    state.set(start, 'open');
    while (path.length > 0) {
      const top = path[path.length - 1] as { node: string; next: number };
      const upstream = dependencies.get(top.node)?.[top.next];
      top.next += 1;
      if (upstream === undefined) {
        state.set(top.node, 'done');
        path.pop();
      } else if (!state.has(upstream)) {
        state.set(upstream, 'open');
        path.push({ node: upstream, next: 0 });
      } else if (state.get(upstream) === 'open') {
        const nodes = path.map(({ node }) => node);
        cycles.push(nodes.slice(nodes.indexOf(upstream)));
      }
    }
  }
  return cycles;
}
