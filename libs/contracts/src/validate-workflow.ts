import type { Finding } from './errors';
import { parse } from './findings';
import { LIMITS } from './limits';
import { toPointer } from './pointer';
import { WorkflowSubmission } from './workflow';

export type WorkflowValidation =
  { ok: true; workflow: WorkflowSubmission } | { ok: false; findings: Finding[] };

/**
 * Everything that is wrong with a workflow, at once: faults of the schema and, as far as the graph can be read in
 * spite of them, duplicate ids, unknown dependencies and every cycle with its path.
 */
export function validateWorkflow(given: unknown): WorkflowValidation {
  const parsed = parse(WorkflowSubmission, given);
  const findings = parsed.ok ? [] : parsed.findings;
  for (const finding of graphFindings(readGraph(given))) {
    if (findings.length >= LIMITS.FINDINGS) break;
    findings.push(finding);
  }
  if (parsed.ok && findings.length === 0) return { ok: true, workflow: parsed.value };
  return { ok: false, findings };
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
  const tasks: unknown[] = Array.isArray(given['tasks']) ? given['tasks'] : [];
  tasks.forEach((task, index) => {
    if (!isRecord(task)) return;
    const key = typeof task['id'] === 'string' ? 'id' : 'task_id';
    const id = task[key];
    if (typeof id === 'string') graph.ids.push({ id, index, key, input: task['input'] });
  });
  if (!isRecord(given['dependencies'])) return graph;
  for (const [step, upstream] of Object.entries(given['dependencies'])) {
    if (Array.isArray(upstream))
      graph.dependencies.push([step, upstream.filter((u): u is string => typeof u === 'string')]);
  }
  return graph;
}

/** Lazily: whoever has seen enough findings does not pay for the rest. */
function* graphFindings(graph: Graph): Generator<Finding> {
  const tasks = new Map<string, Graph['ids'][number]>();
  for (const task of graph.ids) {
    const before = tasks.get(task.id);
    if (before === undefined) tasks.set(task.id, task);
    else
      yield {
        pointer: toPointer(['tasks', task.index, task.key]),
        code: 'duplicate-id',
        message: `"${task.id}" is already the id of tasks[${before.index}]`,
      };
  }
  for (const [step, upstream] of graph.dependencies) yield* dependencyFindings(tasks, step, upstream);
  for (const cycle of cyclesOf(new Map(graph.dependencies))) {
    yield {
      pointer: toPointer(['dependencies', cycle[0] ?? '']),
      code: 'cycle',
      message: `cycle: ${shown(cycle).join(' -> ')}`,
    };
  }
}

function* dependencyFindings(
  tasks: ReadonlyMap<string, Graph['ids'][number]>,
  step: string,
  upstream: readonly string[],
): Generator<Finding> {
  const own = tasks.get(step);
  if (!own) {
    yield {
      pointer: toPointer(['dependencies', step]),
      code: 'unknown-step',
      message: `no task has the id "${step}"`,
    };
  } else if (upstream.length > 0 && own.input !== undefined && !isRecord(own.input)) {
    yield {
      pointer: toPointer(['tasks', own.index, 'input']),
      code: 'input-not-object',
      message: `the input of a step with dependencies must be an object: it receives their outputs under "upstream"`,
    };
  }
  const seen = new Set<string>();
  for (const [index, name] of upstream.entries()) {
    const pointer = toPointer(['dependencies', step, index]);
    if (!tasks.has(name))
      yield { pointer, code: 'unknown-dependency', message: `no task has the id "${name}"` };
    if (seen.has(name)) yield { pointer, code: 'duplicate-dependency', message: `"${name}" is listed twice` };
    seen.add(name);
  }
}

const SHOWN_STEPS_OF_A_CYCLE = 20;

/** The cycle with its first step again at the end; of a long one the middle is only counted. */
function shown(cycle: readonly string[]): string[] {
  const hidden = cycle.length - SHOWN_STEPS_OF_A_CYCLE;
  const path =
    hidden <= 0
      ? cycle
      : [...cycle.slice(0, SHOWN_STEPS_OF_A_CYCLE - 1), `(${hidden} more)`, ...cycle.slice(-1)];
  return [...path, ...cycle.slice(0, 1)];
}

/** At most `LIMITS.FINDINGS` cycles, each as the steps on its way. None exactly where the graph has none. */
export function findCycles(dependencies: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  for (const cycle of cyclesOf(dependencies)) {
    if (cycles.push(cycle) === LIMITS.FINDINGS) break;
  }
  return cycles;
}

/**
 * One cycle per edge that leads back into the path of an iterative depth-first search (deep chains must not overflow the
 * stack). Each costs the length of the path, so a caller stops when it has enough.
 */
function* cyclesOf(dependencies: ReadonlyMap<string, readonly string[]>): Generator<string[]> {
  const state = new Map<string, 'open' | 'done'>();
  for (const start of dependencies.keys()) {
    if (state.has(start)) continue;
    const path: { node: string; next: number }[] = [{ node: start, next: 0 }];
    state.set(start, 'open');
    for (let top = path.at(-1); top; top = path.at(-1)) {
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
        yield nodes.slice(nodes.indexOf(upstream));
      }
    }
  }
}
