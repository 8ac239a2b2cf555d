import type { TaskPage, Workflow } from '@multiswarm/contracts';
import type { HttpApi } from './http-api';
import { paths } from './paths';

/** Why a queued step waits costs the service a look at its queue; of more than these nobody reads it. */
const ASKED = 50;

/** A run, with why its queued steps wait: their records do not know that, the scheduler does. */
export async function readWorkflow(api: HttpApi, id: string): Promise<Workflow> {
  const workflow = await api.get<Workflow>(paths.workflow(id));
  const isQueued = workflow.steps.some(({ state, waiting }) => state === 'queued' && !waiting);
  if (!isQueued) return workflow;
  const query = { workflow: id, state: 'queued', limit: ASKED };
  // Whoever looks at a run is to see it, also where nobody can say why something waits.
  const page = await api.get<TaskPage>(paths.tasks, { query }).catch(() => undefined);
  const reasons = new Map((page?.items ?? []).map(({ id: task, waiting }) => [task, waiting]));
  const steps = workflow.steps.map((step) => {
    const waiting = step.waiting ?? reasons.get(step.taskId);
    return waiting === undefined ? step : { ...step, waiting };
  });
  return { ...workflow, steps };
}
