import {
  LIMITS,
  MultiswarmError,
  summarize,
  toPointer,
  type Finding,
  type Step,
} from '@multiswarm/contracts';
import { addedStepsFindings, type StepsAround } from '@multiswarm/workflow';
import { dependenciesOf, runStep, stepHash } from './build';
import type { RunStep } from './run';
import type { AddedSteps } from './run-command';

/** What may be asked of a run about its steps. */
export interface KnownSteps extends StepsAround {
  step(id: string): RunStep;
}

export interface NewRunSteps {
  run: RunStep;
  step: Step;
}

/**
 * Steps that a run is to get. Those that it has already, with the same content, are left out.
 * @param planner the step whose attempt adds them: they wait for it where they wait for nothing else
 * @throws MultiswarmError `invalid-workflow` with every finding, `run-too-large`
 */
export function additionsTo(
  known: KnownSteps,
  added: AddedSteps,
  planner: string | undefined,
  taskId: () => string,
): NewRunSteps[] {
  const findings = addedStepsFindings(added, known, planner);
  const fresh: NewRunSteps[] = [];
  for (const [index, step] of added.tasks.entries()) {
    const given = dependenciesOf(added, step.id);
    const dependsOn = given.length === 0 && planner !== undefined ? [planner] : given;
    const hash = stepHash(step, dependsOn, added.asGiven?.[index] ?? undefined);
    if (!known.has(step.id)) {
      const run: RunStep = { ...runStep(step, taskId(), dependsOn), role: 'added', hash };
      if (planner !== undefined) run.of = planner;
      fresh.push({ run, step });
    } else if (known.step(step.id).hash !== hash) findings.push(otherStep(step, index));
  }
  if (findings.length > 0) {
    const told = findings.slice(0, LIMITS.FINDINGS);
    throw new MultiswarmError('invalid-workflow', summarize(told), { findings: told });
  }
  const size = known.steps().length + fresh.length;
  if (size > LIMITS.RUN_STEPS)
    throw new MultiswarmError(
      'run-too-large',
      `the run would have ${size} steps, the limit is ${LIMITS.RUN_STEPS} (RUN_STEPS)`,
    );
  return fresh;
}

function otherStep({ id }: Step, index: number): Finding {
  const message = `the run has another step "${id}": give this one another id`;
  return { pointer: toPointer(['tasks', index, 'id']), code: 'duplicate-id', message };
}
