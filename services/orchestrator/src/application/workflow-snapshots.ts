import {
  bodyHash,
  LIMITS,
  MultiswarmError,
  parse,
  Step,
  summarize,
  timeFindings,
  type Finding,
  type ValidationReply,
} from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { insideFindings, validateWorkflow } from '@multiswarm/workflow';
import { withChildren } from '../domain/workflow/children';
import type { AddedSteps } from '../domain/workflow/run-command';
import type { Capacities } from '../ports';
import { resolveSteps, resolveWorkflow, type GetDefinition, type Resolved } from './definitions';
import { fleetWarnings } from './fleet-warnings';
import type { RunInputs } from './run-inputs';

/** Where a run comes from, beside what it is. */
export interface RunOrigin extends Pick<Resolved, 'definition' | 'bodyHash'> {
  schedule?: string;
}

export interface SnapshotParts {
  find: GetDefinition;
  inputs: RunInputs;
  capacities: Capacities;
  clock: Clock;
}

/** What comes in becomes a workflow in which everything stands in place, and is checked as a whole. */
export class WorkflowSnapshots {
  constructor(private readonly parts: SnapshotParts) {}

  /**
   * @throws MultiswarmError `definition-not-found`, `invalid-workflow` where a definition inside it cannot be used,
   * `invalid-request` where the input is not what the workflow asks for
   */
  async of(given: unknown): Promise<{ document: unknown; origin: RunOrigin }> {
    const { document, findings, ...origin } = await resolveWorkflow(given, this.parts.find);
    if (findings.length > 0) throw new MultiswarmError('invalid-workflow', summarize(findings), { findings });
    this.parts.inputs.check(document);
    return { document, origin };
  }

  /**
   * Steps that a run of a namespace is to get. A repetition is known by what was given, also where a definition has a newer
   * version by then.
   * @throws MultiswarmError `invalid-workflow` where a workflow inside them cannot be used
   */
  async added(namespace: string, { tasks: given, dependencies, by }: AddedSteps): Promise<AddedSteps> {
    if (!given.some(({ workflow }) => workflow !== undefined)) return { tasks: given, dependencies, by };
    const { tasks, findings } = await resolveSteps(namespace, given, this.parts.find);
    if (findings.length === 0)
      findings.push(
        ...insideFindings({ tasks }),
        ...this.parts.inputs.schemaFindings({ tasks, dependencies }),
      );
    if (findings.length > 0) throw new MultiswarmError('invalid-workflow', summarize(findings), { findings });
    const asGiven = given.map((step) => (step.workflow === undefined ? null : bodyHash(step)));
    // Steps they were, and of their fields only the workflows have changed.
    return { ...withChildren({ tasks: tasks as Step[] }), dependencies, by, asGiven };
  }

  /** Everything that is wrong with a workflow, and what the present fleet could not run of it. */
  async validate(given: unknown): Promise<ValidationReply> {
    const { document, findings } = await this.resolved(given);
    if (document === undefined) return { valid: false, findings };
    const validation = validateWorkflow(document);
    if (!validation.ok) findings.push(...validation.findings);
    const tasks = validation.ok ? this.steps(validation.workflow, findings) : readable(document);
    findings.push(...this.parts.inputs.findings(document));
    const warnings = await fleetWarnings(tasks, this.parts.capacities);
    const told = warnings.length > 0 ? { warnings } : {};
    if (findings.length > 0) return { valid: false, findings: findings.slice(0, LIMITS.FINDINGS), ...told };
    return { valid: true, findings, steps: tasks.length, ...told };
  }

  /** Without a document where there is no definition to look into. */
  private async resolved(given: unknown): Promise<{ document: unknown; findings: Finding[] }> {
    try {
      const { document, findings } = await resolveWorkflow(given, this.parts.find);
      return { document, findings: [...findings] };
    } catch (error) {
      if (!(error instanceof MultiswarmError) || error.retryable) throw error;
      const { code, message } = error;
      const findings =
        error.findings.length > 0 ? [...error.findings] : [{ pointer: '/definition', code, message }];
      return { document: undefined, findings };
    }
  }

  private steps(workflow: { tasks: Step[] }, findings: Finding[]): (Step | undefined)[] {
    const now = this.parts.clock.now();
    try {
      const { tasks } = withChildren(workflow);
      tasks.forEach((step, index) => findings.push(...timeFindings(step, now, ['tasks', index])));
      return tasks;
    } catch (error) {
      if (!(error instanceof MultiswarmError)) throw error;
      findings.push(...error.findings);
      return readable(workflow);
    }
  }
}

/** Steps in their places, as far as they can be read in spite of what is wrong with the document. */
function readable(document: unknown, depth = 0): (Step | undefined)[] {
  if (typeof document !== 'object' || document === null || !('tasks' in document)) return [];
  const { tasks } = document;
  if (!Array.isArray(tasks) || depth > LIMITS.WORKFLOW_DEPTH) return [];
  return tasks.slice(0, LIMITS.WORKFLOW_STEPS).map((each: unknown) => {
    const parsed = parse(Step, each);
    if (!parsed.ok) return undefined;
    const { workflow } = parsed.value;
    if (workflow === undefined) return parsed.value;
    return { ...parsed.value, workflow: { ...workflow, tasks: readable(workflow, depth + 1) } };
  });
}
