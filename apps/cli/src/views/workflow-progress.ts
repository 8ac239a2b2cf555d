import {
  isTerminal,
  type Event,
  type TaskState,
  type Workflow,
  type WorkflowState,
  type WorkflowStep,
} from '@multiswarm/contracts';
import { BY_INTEREST } from '@multiswarm/workflow';
import { formatMs } from '../output/durations';
import { paintState, type Paint } from '../output/paint';
import { counts } from './status';

export interface StepProgress {
  id: string;
  state: TaskState;
  attempt: number;
  swarmId: string | undefined;
  region: string | undefined;
  /** Epoch milliseconds. */
  startedAt: number | undefined;
  endedAt: number | undefined;
  detail: string | undefined;
}

/** What is known of a running workflow: a snapshot, moved on by events. */
export interface WorkflowProgress {
  id: string;
  name: string | undefined;
  state: WorkflowState;
  createdAt: number;
  steps: ReadonlyMap<string, StepProgress>;
}

/** The snapshot; of the progress before it, it keeps what a snapshot does not tell: when the attempt after the first started. */
export function progressOf(workflow: Workflow, before?: WorkflowProgress): WorkflowProgress {
  const { id, name, state, createdAt, steps } = workflow;
  return {
    id,
    name,
    state,
    createdAt: Date.parse(createdAt),
    steps: new Map(steps.map((step) => [step.id, stepProgress(step, before?.steps.get(step.id))])),
  };
}

function stepProgress(step: WorkflowStep, before: StepProgress | undefined): StepProgress {
  const firstStart = step.startedAt === undefined ? undefined : Date.parse(step.startedAt);
  return {
    id: step.id,
    state: step.state,
    attempt: step.attempt,
    swarmId: step.swarmId,
    region: step.region,
    startedAt:
      step.attempt <= 1 ? firstStart : before?.attempt === step.attempt ? before.startedAt : undefined,
    endedAt: step.endedAt === undefined ? undefined : Date.parse(step.endedAt),
    detail: step.error?.message,
  };
}

const STATE_AFTER: Readonly<Partial<Record<Event['type'], TaskState>>> = {
  'task.queued': 'queued',
  'task.assigned': 'assigned',
  'task.running': 'running',
  'task.lost': 'queued',
  'task.backoff': 'backoff',
  'task.succeeded': 'succeeded',
  'task.failed': 'failed',
  'task.cancelled': 'cancelled',
  'task.expired': 'expired',
  'task.skipped': 'skipped',
};

/** The same progress after one more event; the very same object where the event says nothing new. */
export function afterEvent(progress: WorkflowProgress, event: Event): WorkflowProgress {
  const before = event.step === undefined ? undefined : progress.steps.get(event.step);
  const state = STATE_AFTER[event.type];
  if (!before || state === undefined || isTerminal(before.state)) return progress;
  const step: StepProgress = {
    ...before,
    state,
    attempt: event.attempt ?? before.attempt,
    swarmId: event.swarmId ?? before.swarmId,
    region: event.region ?? before.region,
    startedAt: startAfter(before, state, event.at),
    endedAt: isTerminal(state) ? event.at : undefined,
    detail: event.type === 'task.lost' ? 'its swarm is gone: it runs again elsewhere' : undefined,
  };
  return { ...progress, steps: new Map(progress.steps).set(step.id, step) };
}

/** A step that waits for its next attempt, or is on its way to it, runs no longer. */
function startAfter(before: StepProgress, state: TaskState, at: number): number | undefined {
  if (state === 'running') return at;
  return isTerminal(state) && before.state === 'running' ? before.startedAt : undefined;
}

const MARKS: Readonly<Record<TaskState, string>> = {
  blocked: '·',
  queued: '·',
  assigned: '>',
  running: '>',
  waiting: '~',
  backoff: '!',
  succeeded: '✓',
  failed: '✗',
  cancelled: '✗',
  expired: '✗',
  skipped: '-',
};

/** The block that a terminal shows: a line per step, or, where they do not fit, the interesting ones and how many there are of the rest. */
export function progressLines(progress: WorkflowProgress, color: Paint, now: number, room: number): string[] {
  const steps = [...progress.steps.values()];
  const head = `${color.bold(progress.name ?? progress.id)}  ${paintState(color, progress.state)}  ${formatMs(now - progress.createdAt)}  ${counts(countStates(steps))}`;
  const shown = steps.length <= room ? steps : mostInteresting(steps, room);
  const width = Math.min(40, Math.max(0, ...shown.map(({ id }) => id.length)));
  return [head, ...shown.map((step) => stepLine(step, color, now, width))];
}

function mostInteresting(steps: readonly StepProgress[], room: number): StepProgress[] {
  const rank = (step: StepProgress): number => BY_INTEREST.indexOf(step.state);
  return [...steps]
    .sort((a, b) => rank(a) - rank(b) || (b.endedAt ?? 0) - (a.endedAt ?? 0))
    .slice(0, Math.max(0, room));
}

export function countStates(steps: Iterable<{ state: TaskState }>): Record<string, number> {
  const byState: Record<string, number> = {};
  for (const { state } of steps) byState[state] = (byState[state] ?? 0) + 1;
  return byState;
}

/** `  ✓ design   succeeded  eu-west-writers (eu-west)  1.2 s` */
export function stepLine(step: StepProgress, color: Paint, now: number, width = 0): string {
  const where =
    step.swarmId === undefined || step.state === 'queued' ? '' : `${step.swarmId} (${step.region ?? '?'})`;
  const took =
    step.startedAt !== undefined && (step.state === 'running' || isTerminal(step.state))
      ? formatMs((step.endedAt ?? now) - step.startedAt)
      : '';
  const again = step.attempt > 1 ? `attempt ${step.attempt}` : '';
  const state =
    paintState(color, step.state) + ' '.repeat(Math.max(0, 'succeeded'.length - step.state.length));
  const detail = step.detail === undefined ? '' : (step.detail.split('\n', 1)[0] ?? '');
  return `  ${MARKS[step.state]} ${step.id.padEnd(width)}  ${state}  ${[where, took, again, detail].filter((text) => text !== '').join('  ')}`.trimEnd();
}
