import {
  LIMITS,
  parse,
  toPointer,
  WorkflowBody,
  WorkflowSubmission,
  type Finding,
} from '@multiswarm/contracts';
import { ContextShapes } from './context-shape';
import { expressionFindings, farFindings, type FarLook } from './expression-findings';
import { expressionsOf } from './expressions';
import { graphFindings } from './graph-findings';
import { inputFindings } from './input-findings';
import { joinFindings } from './join-findings';
import {
  inputSchemaOf,
  isRecord,
  readWorkflow,
  recordAt,
  type ReadStep,
  type ReadWorkflow,
  type StepsAround,
} from './reading';
import { typeFindings } from './type-findings';

export type WorkflowValidation =
  { ok: true; workflow: WorkflowSubmission } | { ok: false; findings: Finding[] };

/**
 * Everything that is wrong with a workflow, at once, with the place of each: faults of the schema and, as far as the
 * document can be read in spite of them, of its graph, its joins, its conditions and paths, the types of what they lead to, and
 * the same of the workflows inside it. At most `LIMITS.FINDINGS`.
 *
 * @param depth how deep it stands in other workflows
 */
export function validateWorkflow(given: unknown, { depth = 0 }: { depth?: number } = {}): WorkflowValidation {
  const parsed = parse(WorkflowSubmission, given);
  const findings = parsed.ok ? [] : parsed.findings;
  const inputSchema = isRecord(given) ? given['inputSchema'] : undefined;
  for (const finding of workflowFindings(given, [], inputSchema, depth)) {
    if (findings.length >= LIMITS.FINDINGS) break;
    findings.push(finding);
  }
  if (parsed.ok && findings.length === 0) return { ok: true, workflow: parsed.value };
  return { ok: false, findings };
}

/**
 * Everything that is wrong with steps that are to be added to a run, at once: as `validateWorkflow`, but that they may depend on the
 * steps that are there, and look at those upstream of them. What their schema says is not among it. At most `LIMITS.FINDINGS`.
 *
 * @param planner the step that adds them: those that depend on nothing depend on it
 */
export function addedStepsFindings(given: unknown, around: StepsAround, planner?: string): Finding[] {
  const workflow = readWorkflow(given, [], undefined);
  const behind = (step: ReadStep): ReadStep =>
    planner === undefined || step.dependsOn.length > 0 || step.id === planner
      ? step
      : { ...step, dependsOn: [planner] };
  const steps = workflow.steps.map(behind);
  const byId = new Map(steps.map((step) => [step.id, step] as const).reverse());
  return firstOf(stepFindings({ ...workflow, steps, byId, around }));
}

/** What is wrong inside of the workflows in steps, which nothing around them changes. At most `LIMITS.FINDINGS`. */
export function insideFindings(given: unknown): Finding[] {
  return firstOf(insideOf(readWorkflow(given, [], undefined), 0));
}

function firstOf(all: Generator<Finding>): Finding[] {
  const findings: Finding[] = [];
  for (const finding of all) if (findings.push(finding) === LIMITS.FINDINGS) break;
  return findings;
}

/** Lazily: whoever has seen enough findings does not pay for the rest. */
function* workflowFindings(
  given: unknown,
  base: readonly PropertyKey[],
  inputSchema: unknown,
  depth: number,
): Generator<Finding> {
  const workflow = readWorkflow(given, base, inputSchema);
  yield* stepFindings(workflow);
  yield* insideOf(workflow, depth);
}

function* stepFindings(workflow: ReadWorkflow): Generator<Finding> {
  yield* graphFindings(workflow);
  for (const step of workflow.steps) yield* inputFindings(step);
  yield* joinFindings(workflow);
  const contexts = new ContextShapes(workflow);
  const far: FarLook[] = [];
  for (const step of workflow.steps) {
    // Compiled once, looked at twice, and not kept: of thousands they would fill the memory.
    const expressions = expressionsOf(step);
    if (expressions.length > 0) yield* expressionFindings(workflow, step, expressions, far);
    if (expressions.length > 0 || inputSchemaOf(step.fields) !== undefined)
      yield* typeFindings(workflow, contexts, step, expressions);
  }
  yield* farFindings(workflow, far);
}

function* insideOf({ steps }: ReadWorkflow, depth: number): Generator<Finding> {
  for (const step of steps) yield* subWorkflowFindings(step, depth + 1);
}

/** Of a workflow in place. Its input is that of the step. */
function* subWorkflowFindings({ fields, path }: ReadStep, depth: number): Generator<Finding> {
  const inside = recordAt(fields, 'workflow');
  if (inside === undefined || !Array.isArray(inside['tasks'])) return;
  const base = [...path, 'workflow'];
  if (depth > LIMITS.WORKFLOW_DEPTH) {
    const message = `workflows may stand ${LIMITS.WORKFLOW_DEPTH} deep in each other at most (WORKFLOW_DEPTH)`;
    yield { pointer: toPointer(base), code: 'too-deep', message };
    return;
  }
  const { tasks, dependencies } = inside;
  const given = { tasks, ...(dependencies === undefined ? {} : { dependencies }) };
  const parsed = parse(WorkflowBody, given, base);
  // What the schema says of the dependencies it has said before: they are a part of the step's own schema.
  if (!parsed.ok)
    yield* parsed.findings.filter(({ pointer }) => !pointer.startsWith(toPointer([...base, 'dependencies'])));
  yield* workflowFindings(given, base, inputSchemaOf(fields), depth);
}
