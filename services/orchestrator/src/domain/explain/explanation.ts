import { LIMITS, type ExplainedAttempt, type Explanation } from '@multiswarm/contracts';
import type { Attempt, TaskRecord } from '../task/record';
import { iso } from '../task/times';
import { attemptView, traceIdIn, wishView } from '../task/view';
import type { Facts } from './facts';
import { likelyStart } from './likely-start';
import { nextEvents } from './next';
import { whyOf } from './why';

/** Why a task is where it is, what was tried, and what comes next. Pure: the same facts give the same explanation. */
export function explain(facts: Facts): Explanation {
  const { record, now, standing } = facts;
  const { spec, paused } = record;
  const why = whyOf(facts);
  const likely = likelyStart(why.reason, standing, now);
  return {
    id: record.id,
    type: spec.type,
    namespace: spec.namespace,
    priority: spec.priority,
    state: record.state,
    stateSince: iso(record.since),
    explainedAt: iso(now),
    ...(spec.workflowId === undefined ? {} : { workflowId: spec.workflowId }),
    ...(spec.step === undefined ? {} : { step: spec.step }),
    ...(paused ? { paused: wishView(paused) } : {}),
    requirements: spec.requirements,
    ...(spec.routing === undefined ? {} : { routing: spec.routing }),
    why,
    ...(standing?.line ? { line: standing.line } : {}),
    ...(likely ? { likelyStart: likely } : {}),
    next: nextEvents(record, standing),
    tries: triesOf(record),
    attempts: record.attempts.map((attempt) => explainedAttempt(attempt, now)),
    cost: record.cost,
    traceId: traceIdIn(spec.traceparent),
  };
}

function triesOf({ attempt, failures, losses, refusals = 0, spec }: TaskRecord): Explanation['tries'] {
  const { maxAttempts } = spec.retry;
  return {
    ...{ attempts: attempt, failures, maxAttempts, losses, refusals },
    lossesAllowed: LIMITS.LOST_ATTEMPTS,
  };
}

/** Swarms tell times of their own clocks, which may be a little behind. */
function explainedAttempt(attempt: Attempt, now: number): ExplainedAttempt {
  const { assignedAt, startedAt, endedAt = now } = attempt;
  if (startedAt === undefined) return attemptView(attempt);
  return {
    ...attemptView(attempt),
    waitedMs: Math.max(0, startedAt - assignedAt),
    ranMs: Math.max(0, endedAt - startedAt),
  };
}
