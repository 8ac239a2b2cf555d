import { parseOrThrow, WorkflowBody, type Step } from '@multiswarm/contracts';
import type { ChildBody } from './run';

/** A workflow whose sub-workflows are read, at every depth, so that their runs need not be: they were validated with it. */
export function withChildren<T extends { tasks: Step[] }>(body: T): T {
  if (!body.tasks.some(({ workflow }) => workflow !== undefined)) return body;
  return { ...body, tasks: body.tasks.map(withChild) };
}

function withChild(step: Step): Step {
  if (!step.workflow) return step;
  const { definition, version, ...given } = step.workflow;
  const body: ChildBody = withChildren(parseOrThrow(WorkflowBody, given));
  if (definition !== undefined && version !== undefined) body.definition = { name: definition, version };
  return { ...step, workflow: body as unknown as NonNullable<Step['workflow']> }; // the run has it as ChildBody
}
