import { delay, type Clock } from '@multiswarm/core';
import { NonRetryableError, type TaskHandler } from '@multiswarm/sdk';
import type { JsonValue } from '@multiswarm/contracts';

/**
 * An agent that occupies its slot for `input.holdMs` milliseconds and reports the time that really passed. It replays recorded
 * work, such as a WfCommons instance, against the real scheduler: the time is real, the work is not done again.
 */
export function holdAgent(clock: Clock): TaskHandler {
  return async (input, { signal }) => {
    const holdMs = holdOf(input);
    const startedAt = clock.now();
    const from = clock.monotonic();
    if (holdMs > 0) await delay(clock, holdMs, signal);
    return {
      held_ms: Math.round(clock.monotonic() - from),
      startedAt: new Date(startedAt).toISOString(),
      finishedAt: new Date(clock.now()).toISOString(),
    };
  };
}

function holdOf(input: JsonValue): number {
  const holdMs =
    typeof input === 'object' && input !== null && !Array.isArray(input) ? input['holdMs'] : undefined;
  if (typeof holdMs === 'number' && Number.isFinite(holdMs) && holdMs >= 0) return holdMs;
  throw new NonRetryableError(
    'invalid-input',
    `input.holdMs must be a number of milliseconds, 0 or more, not ${JSON.stringify(holdMs)}`,
  );
}
