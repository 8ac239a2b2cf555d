import { isTerminal, type TaskState } from '@multiswarm/contracts';
import { acyclicGraphOf, type Graph } from './graph';

/** A step as a forecast sees it. Times are epoch milliseconds. */
export interface ForecastStep {
  id: string;
  dependsOn: readonly string[];
  state: TaskState;
  /** When what runs now, or has run, began. */
  startedAt?: number | undefined;
  endedAt?: number | undefined;
  estimateMs?: number | undefined;
  /** So many of the steps before it have to end for it to start; all, unless given. */
  needs?: number | undefined;
  /** It does not begin before: a pause between attempts, a time that it sleeps until. */
  notBefore?: number | undefined;
  /** It does not end before, whatever its own length: a map whose items take turns. */
  endsNotBefore?: number | undefined;
}

export interface StepForecast {
  /** When it began, or is expected to. */
  startAt: number;
  endAt: number;
  /** How much later it might end, or might have ended, without the run ending later. */
  slackMs: number;
  /** Without slack: the run ends later by as much as this step does. */
  critical: boolean;
}

export interface Forecast {
  steps: ReadonlyMap<string, StepForecast>;
  /** One longest chain of steps, in its order; skipped steps have no part in it. */
  criticalPath: string[];
  /** When the last step ends, or has ended. */
  etaAt: number;
  /** Milliseconds of work that are still to be done, over all steps. */
  remainingMs: number;
}

export interface ForecastInput<S extends ForecastStep> {
  steps: readonly S[];
  now: number;
  /** How long a step takes, in milliseconds, rounded to whole ones; `estimateMs` unless given. Where nothing is known it counts as nothing. */
  durationOf?: ((step: S) => number | undefined) | undefined;
}

/** `ready`: when the last step before it had ended that it waited for, as far as one did. */
interface Span {
  ready: number;
  start: number;
  end: number;
  waitedFor: readonly number[];
}

/**
 * When a run ends, and which steps decide that: the critical path method (J. E. Kelley and M. R. Walker, "Critical-path
 * planning and scheduling", 1959): earliest times forward, latest times backward, slack is their difference.
 *
 * Steps that have ended count as they were, skipped ones as nothing, those that run as their start and their length (at least
 * until now), the others after what they wait for, and not before now. What a step waited between the end of the steps before
 * it and its own start belongs to it: so the chain that has decided so far stays one chain. Where a step needs only some
 * of the steps before it, the earliest of them count.
 *
 * O(steps + edges), and iterative.
 */
export function forecast<S extends ForecastStep>({ steps, now, durationOf }: ForecastInput<S>): Forecast {
  const graph = acyclicGraphOf(steps);
  const lengthOf = durationOf ?? (({ estimateMs }: S) => estimateMs);
  const spans = forward(graph, steps, now, (step) => Math.round(Math.max(0, lengthOf(step) ?? 0)));
  const last = lastToEnd(steps, spans);
  const etaAt = last === undefined ? now : at(spans, last).end;
  const latest = backward(graph, spans, etaAt);
  const entries = steps.map(({ id }, index): [string, StepForecast] => {
    const { start, end } = at(spans, index);
    const slackMs = at(latest, index) - end;
    return [id, { startAt: start, endAt: end, slackMs, critical: slackMs === 0 }];
  });
  const path = last === undefined ? [] : chainTo(last, spans);
  return {
    steps: new Map(entries),
    criticalPath: path.flatMap((index) => (steps[index]?.state === 'skipped' ? [] : [at(steps, index).id])),
    etaAt,
    remainingMs: remaining(steps, spans, now),
  };
}

function forward<S extends ForecastStep>(
  { before, order }: Graph,
  steps: readonly S[],
  now: number,
  lengthOf: (step: S) => number,
): Span[] {
  const spans = new Array<Span>(steps.length);
  for (const index of order) {
    const step = at(steps, index);
    spans[index] = spanOf(step, at(before, index), spans, now, lengthOf);
  }
  return spans;
}

function spanOf<S extends ForecastStep>(
  step: S,
  before: readonly number[],
  spans: readonly Span[],
  now: number,
  lengthOf: (step: S) => number,
): Span {
  const { state, startedAt, needs, notBefore = now, endsNotBefore = now } = step;
  const isOver = isTerminal(state);
  const known = isOver ? endOfEnded(step, before, spans, now) : undefined;
  // What ended later than a step itself was not waited for: of the others the step needed none, or clocks differ.
  const possible = known === undefined ? before : before.filter((index) => at(spans, index).end <= known);
  const waitedFor = earliest(possible, needs, spans);
  const ready = waitedFor.reduce((latest, index) => Math.max(latest, at(spans, index).end), -Infinity);
  if (known !== undefined) {
    const start = Math.min(startedAt ?? (ready === -Infinity ? known : ready), known);
    return { ready: ready === -Infinity ? start : ready, start, end: known, waitedFor };
  }
  const isRunning = state === 'running' && startedAt !== undefined;
  const start = isRunning ? Math.min(startedAt, now) : Math.max(now, ready, notBefore);
  const end = Math.max(start + lengthOf(step), now, endsNotBefore, ready);
  return { ready: ready === -Infinity ? start : ready, start, end, waitedFor };
}

/** A skipped step takes no time: where it is not told when it was skipped, that was as soon as it could be. */
function endOfEnded(
  { endedAt, state, startedAt }: ForecastStep,
  before: readonly number[],
  spans: readonly Span[],
  now: number,
): number {
  if (endedAt !== undefined && state !== 'skipped') return endedAt;
  const ready = before.reduce((latest, index) => Math.max(latest, at(spans, index).end), -Infinity);
  if (ready !== -Infinity) return endedAt === undefined ? ready : Math.min(endedAt, ready);
  return endedAt ?? startedAt ?? now;
}

function earliest(
  before: readonly number[],
  needs: number | undefined,
  spans: readonly Span[],
): readonly number[] {
  if (needs === undefined || needs >= before.length) return before;
  return [...before].sort((a, b) => at(spans, a).end - at(spans, b).end).slice(0, Math.max(0, needs));
}

/** When each step may end at the latest. */
function backward({ order }: Graph, spans: readonly Span[], etaAt: number): number[] {
  const latest = spans.map(() => etaAt);
  for (let place = order.length - 1; place >= 0; place -= 1) {
    const index = at(order, place);
    const { end, ready, waitedFor } = at(spans, index);
    const startsAtTheLatest = at(latest, index) - (end - ready);
    for (const upstream of waitedFor) latest[upstream] = Math.min(at(latest, upstream), startsAtTheLatest);
  }
  return latest;
}

/** Of several that end together rather one that was not skipped. */
function lastToEnd(steps: readonly ForecastStep[], spans: readonly Span[]): number | undefined {
  let last: number | undefined;
  for (const index of steps.keys()) {
    if (last === undefined || isLater(index, last, steps, spans)) last = index;
  }
  return last;
}

function isLater(a: number, b: number, steps: readonly ForecastStep[], spans: readonly Span[]): boolean {
  const difference = at(spans, a).end - at(spans, b).end;
  return difference > 0 || (difference === 0 && at(steps, b).state === 'skipped');
}

/** Backwards over the step that each one waited for the longest. */
function chainTo(last: number, spans: readonly Span[]): number[] {
  const chain = [last];
  for (let index = last; ;) {
    const { ready, waitedFor } = at(spans, index);
    const next = waitedFor.find((upstream) => at(spans, upstream).end === ready);
    if (next === undefined) return chain.reverse();
    chain.push(next);
    index = next;
  }
}

function remaining(steps: readonly ForecastStep[], spans: readonly Span[], now: number): number {
  return steps.reduce((sum, { state }, index) => {
    const { start, end } = at(spans, index);
    return isTerminal(state) ? sum : sum + Math.max(0, end - Math.max(start, now));
  }, 0);
}

/** Every index comes from the graph, which has one entry for each step. */
function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}
