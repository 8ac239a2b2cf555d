import {
  LIMITS,
  MultiswarmError,
  summarize,
  toPointer,
  UNDO,
  type Finding,
  type JsonValue,
  type Step,
} from '@multiswarm/contracts';
import { compileCondition, compilePath, findCycles } from '@multiswarm/workflow';
import { dependenciesOf, runStep, stepHash } from './build';
import type { RunStep } from './run';
import type { AddedSteps } from './run-command';

/** What may be asked of a run about its steps. */
export interface KnownSteps {
  has(id: string): boolean;
  step(id: string): RunStep;
  readonly size: number;
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
  const findings = findingsOf(known, added);
  const fresh: NewRunSteps[] = [];
  for (const [index, step] of added.tasks.entries()) {
    const given = dependenciesOf(added, step.id);
    const dependsOn = given.length === 0 && planner !== undefined ? [planner] : given;
    if (dependsOn.length > 0 && !isFields(step.input))
      findings.push({
        pointer: toPointer(['tasks', index, 'input']),
        code: 'input-not-object',
        message: `the input of a step with dependencies must be an object: it receives their outputs under "upstream"`,
      });
    const hash = stepHash(step, dependsOn);
    if (!known.has(step.id)) {
      const run: RunStep = { ...runStep(step, taskId(), dependsOn), role: 'added', hash };
      if (planner !== undefined) run.of = planner;
      fresh.push({ run, step });
    } else if (known.step(step.id).hash !== hash) {
      const message = `the run has another step "${step.id}": give this one another id`;
      findings.push({ pointer: toPointer(['tasks', index, 'id']), code: 'duplicate-id', message });
    }
  }
  if (findings.length > 0)
    throw new MultiswarmError('invalid-workflow', summarize(findings.slice(0, LIMITS.FINDINGS)), {
      findings: findings.slice(0, LIMITS.FINDINGS),
    });
  if (known.size + fresh.length > LIMITS.RUN_STEPS)
    throw new MultiswarmError(
      'run-too-large',
      `the run would have ${known.size + fresh.length} steps, the limit is ${LIMITS.RUN_STEPS} (RUN_STEPS)`,
    );
  return fresh;
}

function isFields(input: JsonValue): boolean {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function findingsOf(known: KnownSteps, { tasks, dependencies }: AddedSteps): Finding[] {
  const own = new Set(tasks.map(({ id }) => id));
  const findings: Finding[] = [];
  for (const [index, step] of tasks.entries()) {
    if (step.id.startsWith(UNDO))
      findings.push({
        pointer: toPointer(['tasks', index, 'id']),
        code: 'reserved-id',
        message: `ids that begin with "${UNDO}" are those of compensations`,
      });
    findings.push(...expressionFindings(step, index));
  }
  for (const [step, upstream] of Object.entries(dependencies)) {
    if (!own.has(step))
      findings.push({
        pointer: toPointer(['dependencies', step]),
        code: 'unknown-step',
        message: `no added task has the id "${step}": the dependencies of steps that a run has cannot be changed`,
      });
    for (const [index, id] of upstream.entries())
      if (!own.has(id) && !known.has(id))
        findings.push({
          pointer: toPointer(['dependencies', step, index]),
          code: 'unknown-dependency',
          message: `neither the run nor the added tasks have a step "${id}"`,
        });
  }
  for (const cycle of findCycles(new Map(Object.entries(dependencies))))
    findings.push({
      pointer: toPointer(['dependencies', cycle[0] ?? '']),
      code: 'cycle',
      message: `cycle: ${[...cycle, ...cycle.slice(0, 1)].join(' -> ')}`,
    });
  return findings;
}

function* expressionFindings(step: Step, index: number): Generator<Finding> {
  if (step.when !== undefined) {
    const compiled = compileCondition(step.when);
    if (!compiled.ok)
      yield {
        pointer: toPointer(['tasks', index, 'when']),
        code: 'bad-expression',
        message: compiled.message,
      };
  }
  const { inputs } = step;
  const paths =
    inputs === undefined
      ? []
      : typeof inputs === 'string'
        ? [{ at: ['inputs'], text: inputs }]
        : Object.entries(inputs).map(([field, text]) => ({ at: ['inputs', field], text }));
  if (step.map) paths.push({ at: ['map', 'over'], text: step.map.over });
  for (const { at, text } of paths) {
    const compiled = compilePath(text);
    if (!compiled.ok)
      yield {
        pointer: toPointer(['tasks', index, ...at]),
        code: 'bad-expression',
        message: compiled.message,
      };
  }
}
