import type { Bus } from '@multiswarm/bus';
import { MultiswarmError, subjects } from '@multiswarm/contracts';
import { backoffMs, delay, type Backoff } from '@multiswarm/core';
import { z } from 'zod';
import type { SimProcess } from '../world/process';
import { chance } from '../world/seeds';
import type { Planning } from './agent';
import { addedSteps } from './submissions';

const REQUEST_MS = 1_000;
const BACKOFF: Backoff = { initialMs: 30, factor: 2, maxMs: 500, jitter: 0.3 };

/**
 * What an agent adds to its run, from where its swarm is. It asks again until it has an answer, and sometimes once more: it is
 * the same steps each time.
 */
export function planning(process: SimProcess, bus: Bus): Planning {
  return async ({ id: taskId, attempt, workflowId }, signal) => {
    if (workflowId === undefined) return;
    const body = {
      id: workflowId,
      by: { taskId, attempt },
      ...addedSteps(process.random, taskId, attempt),
    };
    const times = chance(process.random, 0.3) ? 2 : 1;
    for (let failures = 0, answers = 0; answers < times;) {
      try {
        await bus.request(subjects.workflow('add-steps'), body, {
          reply: z.unknown(),
          timeoutMs: REQUEST_MS,
        });
        answers += 1;
      } catch (error) {
        if (!(error instanceof MultiswarmError)) throw error;
        // The run comes to its end, or another attempt has taken over: there is nothing to add to.
        if (!error.retryable) return;
        failures += 1;
        await delay(process.clock, backoffMs(BACKOFF, failures, process.random), signal);
      }
    }
  };
}
