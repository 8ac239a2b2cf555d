import type { Workflow } from '@multiswarm/contracts';
import { OPERATIONS } from './operations';
import type { Port } from './port';

/**
 * A run with all its steps, of which one message carries only some thousands. While the run goes on they may be from
 * different moments.
 */
export async function withAllSteps(port: Pick<Port, 'ask'>, first: Workflow): Promise<Workflow> {
  const { nextStep, ...run } = first;
  const steps = [...run.steps];
  for (let from = nextStep; from !== undefined;) {
    const part = await port.ask(OPERATIONS.getWorkflow, { id: run.id, waitMs: 0, stepsFrom: from });
    steps.push(...part.steps);
    from = part.nextStep;
  }
  return { ...run, steps };
}
