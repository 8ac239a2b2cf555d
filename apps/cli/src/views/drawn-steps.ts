import { isTerminal, type Workflow, type WorkflowStep, type WorkflowSubmission } from '@multiswarm/contracts';
import { forecast, type DrawingStep } from '@multiswarm/workflow';
import { formatMs } from '../output/durations';

/** What a drawing shows: of a run, or of a file. */
export interface Drawn {
  steps: DrawingStep[];
  /** Empty where nothing is known of durations. */
  path: readonly string[];
}

/** The steps of a run, each with its state and times. */
export function drawnRun(workflow: Workflow, now: number): Drawn {
  return {
    steps: workflow.steps.map((step) => drawnStep(step, now)),
    path: workflow.criticalPath ?? [],
  };
}

function drawnStep(step: WorkflowStep, now: number): DrawingStep {
  const { id, type, dependsOn, state, of, role, estimateMs } = step;
  const [startedAt, endedAt, expectedEndAt] = [step.startedAt, step.endedAt, step.expectedEndAt].map(toMs);
  const expectedStartAt =
    startedAt === undefined && expectedEndAt !== undefined ? expectedEndAt - (estimateMs ?? 0) : undefined;
  const times = { startedAt, endedAt, expectedStartAt, expectedEndAt };
  return { id, type, dependsOn, state, of, role, note: runNote(step, now), ...times };
}

/** `running 3.2 s`, `approval 20.0 s`, `blocked ~30.0 s`, `succeeded 1.2 s, attempt 2` */
function runNote(
  { state, startedAt, endedAt, estimateMs, attempt, control }: WorkflowStep,
  now: number,
): string {
  const start = toMs(startedAt);
  const lasted = start === undefined ? undefined : (toMs(endedAt) ?? now) - start;
  const expected = estimateMs === undefined ? '' : ` ~${formatMs(estimateMs)}`;
  const time =
    lasted === undefined ? (isTerminal(state) ? '' : expected) : ` ${formatMs(Math.max(0, lasted))}`;
  // The mark says that it waits; the words say for what.
  const word = state === 'waiting' ? (control ?? state) : state;
  return `${word}${time}${attempt > 1 ? `, attempt ${attempt}` : ''}`;
}

/** The steps of a file; its critical path where it has estimates. */
export function drawnFile({
  tasks,
  dependencies,
}: WorkflowSubmission): Drawn & { lengthMs: number | undefined } {
  const steps = tasks.map((task): DrawingStep => {
    const { id, type } = task;
    return { id, type, dependsOn: dependencies[id] ?? [], note: fileNote(task) };
  });
  if (tasks.every(({ estimateMs }) => estimateMs === undefined))
    return { steps, path: [], lengthMs: undefined };
  const planned = tasks.map(({ id, estimateMs }) => {
    return { id, estimateMs, dependsOn: dependencies[id] ?? [], state: 'blocked' as const };
  });
  const { criticalPath, etaAt } = forecast({ steps: planned, now: 0 });
  return { steps, path: criticalPath, lengthMs: etaAt };
}

/** `~30.0 s, download, each of $.run.input.urls` */
function fileNote(step: WorkflowSubmission['tasks'][number]): string {
  const { id, type, estimateMs, map, when, join, continueOnFailure } = step;
  const said = [
    ...(estimateMs === undefined ? [] : [`~${formatMs(estimateMs)}`]),
    ...(type === id ? [] : [type]),
    ...(map ? [`each of ${map.over}`] : []),
    ...(when === undefined ? [] : [`if ${when}`]),
    ...(join === undefined || join === 'all' ? [] : [joinText(join)]),
    ...(continueOnFailure === true ? ['may fail'] : []),
  ];
  return said.join(', ');
}

function joinText(join: NonNullable<WorkflowSubmission['tasks'][number]['join']>): string {
  return typeof join === 'string' ? `after ${join}` : `after ${join.atLeast} of them`;
}

function toMs(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant);
}
