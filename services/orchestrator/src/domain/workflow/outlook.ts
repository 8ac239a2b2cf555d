import { isTerminal, type Join, type Waiting, type Workflow, type WorkflowStep } from '@multiswarm/contracts';
import { forecast, type Forecast, type ForecastStep } from '@multiswarm/workflow';
import { blockReason, ownReason } from '../task/own-reason';
import { currentAttempt, type TaskRecord } from '../task/record';
import { iso } from '../task/times';
import { expectedMs, TypicalDuration, type Durations } from './durations';
import { costOfRest } from './rest-cost';
import type { RunRecord } from './run';

/** What the outlook of a run rests on besides the run. */
export interface Sight {
  /** Epoch ms. */
  now: number;
  /** What is known of the types of its namespace from elsewhere. */
  learned: Durations;
}

/** What a planned step may say about when it starts, and how its items do. */
interface Planned {
  id: string;
  join?: Join | undefined;
  map?: { concurrency?: number | undefined } | undefined;
}

type Tasks = ReadonlyMap<string, TaskRecord>;

/**
 * A view of a run with what is to be expected of it: for each step how long it takes, when it ends and what slack it has, for
 * the run its critical path, its end and its cost. A run that has ended has the path and the slack that it had.
 *
 * The end is the later of two bounds that no schedule beats: the critical path, and, while steps wait in the queue, the work
 * that is left divided by the number of steps that run now. Steps of which nothing is known count as nothing, so it
 * is a lower bound where such are left; without any known length, and while the run is paused, no end is told.
 */
export function withOutlook(view: Workflow, run: RunRecord, tasks: Tasks, { now, learned }: Sight): Workflow {
  const lengths = lengthsOf(view.steps, tasks, learned);
  const inputs = new Inputs(view.steps, tasks, run.spec.steps, lengths, now);
  const result = forecast({ steps: inputs.steps, now });
  const held = heldBack(view, run, tasks);
  const steps = view.steps.map((step) => {
    const told = withStepOutlook(step, result, tasks.get(step.taskId), lengths);
    const waiting = held.get(step.id);
    return waiting === undefined ? told : { ...told, waiting };
  });
  const path = { ...view, steps, criticalPath: result.criticalPath };
  if (view.state !== 'running') return path;
  const open = view.steps.filter(({ state }) => !isTerminal(state));
  const rest = costOfRest(open, tasks, result, now);
  const isKnown = view.paused === undefined && open.some(({ id }) => lengths.has(id));
  return {
    ...path,
    ...(isKnown ? { etaAt: iso(endOf(result, open, view.concurrency, now)) } : {}),
    ...(rest === undefined ? {} : { costProjected: view.cost + rest }),
  };
}

/** Steps that could begin, were their run not paused or at its limit. */
function heldBack(
  { steps, state }: Workflow,
  { paused, spec }: RunRecord,
  tasks: Tasks,
): Map<string, Waiting> {
  const held = new Map<string, Waiting>();
  const { concurrency } = spec;
  if (state !== 'running' || (paused === undefined && concurrency === undefined)) return held;
  const open = new Set(steps.filter((step) => !isTerminal(step.state)).map(({ id }) => id));
  for (const step of steps) {
    const task = tasks.get(step.taskId);
    if (!task || step.state !== 'blocked' || step.role === 'compensation') continue;
    if (step.dependsOn.some((id) => open.has(id))) continue;
    held.set(step.id, blockReason(task, { steps: [], runPaused: paused, concurrency }));
  }
  return held;
}

function withStepOutlook(
  step: WorkflowStep,
  { steps }: Forecast,
  task: TaskRecord | undefined,
  lengths: ReadonlyMap<string, number>,
): WorkflowStep {
  const told = steps.get(step.id);
  const estimateMs = lengths.get(step.id);
  const isOpen = !isTerminal(step.state);
  const waiting = isOpen && task && step.state !== 'blocked' ? ownReason(task) : undefined;
  return {
    ...step,
    ...(waiting && step.waiting === undefined ? { waiting } : {}),
    ...(estimateMs === undefined ? {} : { estimateMs: Math.round(estimateMs) }),
    ...(told && isOpen ? { expectedEndAt: iso(told.endAt) } : {}),
    ...(told && step.state !== 'skipped' ? { slackMs: told.slackMs } : {}),
  };
}

/** How long each step takes, or had been declared to: only those of which anything is known. */
function lengthsOf(steps: readonly WorkflowStep[], tasks: Tasks, learned: Durations): Map<string, number> {
  const sources = [seenIn(steps, tasks), learned];
  return new Map(
    steps.flatMap(({ id, taskId, type, state, control }): [string, number][] => {
      const declared = tasks.get(taskId)?.spec.estimateMs;
      const isGuessed = !isTerminal(state) && (control === undefined || control === 'map');
      const ms = isGuessed ? expectedMs(type, declared, sources) : declared;
      return ms === undefined ? [] : [[id, ms]];
    }),
  );
}

/** What the run itself has shown. */
function seenIn(steps: readonly WorkflowStep[], tasks: Tasks): Durations {
  const byType = new Map<string, TypicalDuration>();
  for (const { taskId, type, state, control } of steps) {
    const task = tasks.get(taskId);
    const { startedAt, endedAt } = (task && currentAttempt(task)) ?? {};
    if (!task || state !== 'succeeded' || control !== undefined) continue;
    if (startedAt === undefined || endedAt === undefined) continue;
    const typical = byType.get(type) ?? new TypicalDuration();
    typical.note(endedAt - startedAt, task.spec.estimateMs);
    byType.set(type, typical);
  }
  return { expect: (type, declaredMs) => byType.get(type)?.expect(declaredMs) };
}

/** Steps as a forecast sees them: a map ends after its items, which start when it does. */
class Inputs {
  readonly steps: ForecastStep[];
  private readonly itemsOf = new Map<string, WorkflowStep[]>();
  private readonly byId: ReadonlyMap<string, WorkflowStep>;
  /** Of each compensation what it waits for. */
  private readonly undoneAfter: ReadonlyMap<string, readonly string[]>;
  private readonly planned: ReadonlyMap<string, Planned>;

  constructor(
    steps: readonly WorkflowStep[],
    private readonly tasks: Tasks,
    planned: readonly Planned[],
    private readonly lengths: ReadonlyMap<string, number>,
    private readonly now: number,
  ) {
    this.planned = new Map(planned.map((step) => [step.id, step]));
    this.byId = new Map(steps.map((step) => [step.id, step]));
    this.undoneAfter = undoneAfter(steps);
    for (const step of steps) {
      if (step.role !== 'item' || step.of === undefined) continue;
      const items = this.itemsOf.get(step.of);
      if (items) items.push(step);
      else this.itemsOf.set(step.of, [step]);
    }
    this.steps = steps.map((step) => this.input(step));
  }

  private input(step: WorkflowStep): ForecastStep {
    const items = this.itemsOf.get(step.id);
    return items ? this.mapInput(step, items) : this.plainInput(step);
  }

  private plainInput(step: WorkflowStep): ForecastStep {
    const { id, state, role, of = '' } = step;
    const task = this.tasks.get(step.taskId);
    const own = this.undoneAfter.get(id) ?? step.dependsOn;
    const dependsOn = role === 'item' ? (this.byId.get(of)?.dependsOn ?? []) : own;
    const needs = neededOf(this.planned.get(id)?.join);
    const times = { ...timesOf(step, task), notBefore: state === 'backoff' ? task?.retryAt : undefined };
    return { id, state, dependsOn, ...times, needs, estimateMs: this.lengths.get(id) };
  }

  private mapInput(step: WorkflowStep, items: readonly WorkflowStep[]): ForecastStep {
    const plain = this.plainInput(step);
    if (isTerminal(step.state)) return plain;
    const dependsOn = [...step.dependsOn, ...items.map(({ id }) => id)];
    const length = this.lengths.get(step.id) ?? 0;
    const notMade = Math.max(0, (step.items?.total ?? 0) - items.length);
    const work = items.reduce((sum, item) => sum + this.left(item), notMade * length);
    const atOnce = this.planned.get(step.id)?.map?.concurrency ?? Infinity;
    // What is left of it is the length of its items. While they take turns none of them has slack.
    const endsNotBefore = Math.round(this.now + work / atOnce);
    return { ...plain, state: 'blocked', dependsOn, needs: undefined, estimateMs: 0, endsNotBefore };
  }

  private left(item: WorkflowStep): number {
    if (isTerminal(item.state)) return 0;
    const { startedAt } = timesOf(item, this.tasks.get(item.taskId));
    const done = item.state === 'running' && startedAt !== undefined ? this.now - startedAt : 0;
    return Math.max(0, (this.lengths.get(item.id) ?? 0) - done);
  }
}

/** Compensations run one after the other, when all else has ended. */
function undoneAfter(steps: readonly WorkflowStep[]): Map<string, readonly string[]> {
  const undoing = steps.filter(({ role }) => role === 'compensation');
  if (undoing.length === 0) return new Map();
  const rank = ({ state }: WorkflowStep): number => (isTerminal(state) ? 0 : state === 'blocked' ? 2 : 1);
  const ended = ({ endedAt }: WorkflowStep): number => (endedAt === undefined ? 0 : Date.parse(endedAt));
  const inOrder = [...undoing].sort((a, b) => rank(a) - rank(b) || ended(a) - ended(b));
  const others = steps.filter(({ role }) => role !== 'compensation').map(({ id }) => id);
  return new Map(inOrder.map(({ id }, at) => [id, at === 0 ? others : [inOrder[at - 1]?.id ?? '']]));
}

/** Of a step that runs: its current attempt. */
function timesOf(
  { state }: WorkflowStep,
  task: TaskRecord | undefined,
): Pick<ForecastStep, 'startedAt' | 'endedAt'> {
  if (!task) return {};
  const attempt = currentAttempt(task);
  return {
    startedAt: state === 'running' ? (attempt?.startedAt ?? task.startedAt) : task.startedAt,
    endedAt: task.endedAt,
  };
}

function neededOf(join: Join | undefined): number | undefined {
  if (join === 'any') return 1;
  return typeof join === 'object' ? join.atLeast : undefined;
}

/** The critical path, and the work that is left shared among as many as run now. */
function endOf(
  { etaAt, remainingMs }: Forecast,
  open: readonly WorkflowStep[],
  concurrency: number | undefined,
  now: number,
): number {
  const running = open.filter(({ state }) => state === 'running' || state === 'assigned').length;
  const isCrowded = running > 0 && open.some(({ state }) => state === 'queued');
  const atOnce = isCrowded ? running : (concurrency ?? Infinity);
  return Math.max(etaAt, now + remainingMs / atOnce);
}
