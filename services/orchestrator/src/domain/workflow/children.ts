import {
  DefinitionRef,
  LIMITS,
  MultiswarmError,
  parse,
  summarize,
  toPointer,
  WorkflowBody,
  type Finding,
  type Step,
} from '@multiswarm/contracts';

/** A workflow inside another, as its run has it: definitions stand in place by then. */
const Child = WorkflowBody.extend({ definition: DefinitionRef.optional() });

/**
 * The same steps, with the workflows inside them read as a workflow is: defaults, the spelling with underscores, whatever their depth.
 * @throws MultiswarmError `invalid-workflow` with every finding
 */
export function withChildren<W extends { tasks: Step[] }>(workflow: W): W {
  const findings: Finding[] = [];
  const tasks = readAll(workflow.tasks, [], findings);
  if (findings.length === 0) return tasks === workflow.tasks ? workflow : { ...workflow, tasks };
  const told = findings.slice(0, LIMITS.FINDINGS);
  throw new MultiswarmError('invalid-workflow', summarize(told), { findings: told });
}

/** How deep workflows stand in each other in a step that `withChildren` has read; 0 where it has none. */
export function depthOf({ workflow }: Pick<Step, 'workflow'>): number {
  if (workflow === undefined) return 0;
  const inside = (workflow.tasks ?? []) as Step[];
  return 1 + Math.max(0, ...inside.map(depthOf));
}

type Place = readonly (string | number)[];

function readAll(tasks: Step[], at: Place, findings: Finding[]): Step[] {
  if (!tasks.some(({ workflow }) => workflow !== undefined)) return tasks;
  return tasks.map((step, index) => {
    if (step.workflow === undefined) return step;
    const workflow = readChild(step.workflow, [...at, 'tasks', index, 'workflow'], findings);
    return workflow === undefined ? step : { ...step, workflow };
  });
}

/** Undefined where there are findings. */
function readChild(child: unknown, at: Place, findings: Finding[]): Step['workflow'] {
  // Every level of the document is two names and a number of its place.
  if (at.length / 3 > LIMITS.WORKFLOW_DEPTH) {
    const message = `workflows are ${LIMITS.WORKFLOW_DEPTH} deep in each other at most (WORKFLOW_DEPTH)`;
    findings.push({ pointer: toPointer(at), code: 'too-deep', message });
    return undefined;
  }
  const parsed = parse(Child, child, at);
  if (!parsed.ok) {
    findings.push(...parsed.findings);
    return undefined;
  }
  return { ...parsed.value, tasks: readAll(parsed.value.tasks, at, findings) };
}
