import { isTerminal, LIMITS, type Why } from '@multiswarm/contracts';
import { blockReason, ownReason } from '../task/own-reason';
import { currentAttempt, isHeld, type TaskRecord, type Wish } from '../task/record';
import { iso } from '../task/times';
import { endedWhy } from './ended';
import type { Facts } from './facts';
import { queuedWhy } from './queued';

const STEPS = 50;

/** The one reason for which a task is where it is. */
export function whyOf(facts: Facts): Why {
  const { record } = facts;
  if (isTerminal(record.state)) return endedWhy(record);
  if (isHeld(record)) return heldWhy(facts);
  if (record.state === 'queued' && !record.paused) return queuedWhy(facts);
  return waitingWhy(facts);
}

/** On its way into the queue, or paused in it. */
function waitingWhy({ record, block }: Facts): Why {
  const { state, spec, lastError, paused } = record;
  const own = ownReason(record) ?? blockReason(record, { steps: [] });
  const { reason, since, detail, unmet } = block ? blockReason(record, block) : own;
  const note = paused && reason !== 'paused' ? `; it is paused too (${paused.reason})` : '';
  const until = endOf(record);
  return {
    ...{ reason, since, detail: detail + note, unmet },
    ...(until === undefined ? {} : { until }),
    ...(reason === 'paused' ? askedBy(paused) : {}),
    ...(state === 'backoff' && lastError ? { error: lastError } : {}),
    ...(reason === 'steps' && block ? { steps: block.steps.slice(0, STEPS) } : {}),
    ...(state === 'waiting' && spec.waitFor ? { signal: spec.waitFor.signal } : {}),
  };
}

function endOf({ state, retryAt, spec }: TaskRecord): string | undefined {
  if (state === 'backoff' && retryAt !== undefined) return iso(retryAt);
  return state === 'blocked' ? spec.notBefore : undefined;
}

/** A swarm has it, or is about to get it. */
function heldWhy(facts: Facts): Why {
  const { record, regionSilentMs } = facts;
  const { cancel, state, since } = record;
  if (cancel) return cancellingWhy(facts, cancel);
  const { region = '' } = currentAttempt(record) ?? {};
  const detail = heldText(facts);
  if (regionSilentMs !== undefined)
    return {
      reason: 'region-down',
      since: iso(facts.now - regionSilentMs),
      detail: `nobody speaks for region ${region}; ${detail}`,
      unmet: [],
    };
  return { reason: state === 'assigned' ? 'assigned' : 'running', since: iso(since), detail, unmet: [] };
}

function cancellingWhy(facts: Facts, cancel: Wish): Why {
  const { at, reason } = cancel;
  return {
    reason: 'cancelling',
    since: iso(at),
    until: iso(at + LIMITS.CANCEL_GRACE_MS),
    detail: `it is being cancelled (${reason}), and ends with its attempt; ${heldText(facts)}`,
    ...askedBy(cancel),
    unmet: [],
  };
}

function askedBy(wish: Wish | undefined): Pick<Why, 'requestedBy'> {
  return wish?.requestedBy === undefined ? {} : { requestedBy: wish.requestedBy };
}

function heldText({ record, swarm }: Facts): string {
  const { attempt, paused } = record;
  const { swarmId = '', region = '' } = currentAttempt(record) ?? {};
  const where = `${swarmId} (${region})`;
  const what =
    record.state === 'assigned'
      ? `attempt ${attempt} was given to ${where}, which has not accepted it yet`
      : `attempt ${attempt} runs on ${where}`;
  const trouble =
    swarm?.state === 'suspect' || swarm?.state === 'down'
      ? `; ${swarmId} is ${swarm.state}: its last heartbeat was at ${swarm.lastSeen}`
      : '';
  return (
    what + trouble + (paused ? `; it is paused, so that no other attempt follows (${paused.reason})` : '')
  );
}
