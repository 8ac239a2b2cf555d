import type { TaskState, Workflow } from '@multiswarm/contracts';
import type { Paint } from '../output/paint';
import { counts } from './status';
import { countStates, progressOf, stepLine } from './workflow-progress';

/** With more steps than this, a line per change would bury what matters. */
const STEPS_NOTED = 200;
/** States worth a line of their own. */
const NOTED: ReadonlySet<TaskState> = new Set<TaskState>([
  'running',
  'waiting',
  'backoff',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
  'skipped',
]);

/** What is new in a run, a line each, where nothing can be redrawn: steps in another state, or of many how many are in which. */
export function stepChanges(
  before: Workflow | undefined,
  after: Workflow,
  color: Paint,
  now: number,
): string[] {
  const steps = [...progressOf(after).steps.values()];
  const known = new Map(before?.steps.map(({ id, state, attempt }) => [id, `${state} ${attempt}`]));
  if (steps.length > STEPS_NOTED) {
    const told = counts(countStates(steps));
    return before && counts(countStates(before.steps)) === told ? [] : [told];
  }
  return steps
    .filter(({ id, state, attempt }) => NOTED.has(state) && known.get(id) !== `${state} ${attempt}`)
    .map((step) => stepLine(step, color, now).trimStart());
}
