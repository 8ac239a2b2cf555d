import type { JsonValue } from '@multiswarm/contracts';
import { delay, type Clock, type Random } from '@multiswarm/core';
import { NonRetryableError, type TaskContext } from '@multiswarm/sdk';
import type { WorkBook } from '../invariants/work-book';
import { between, pickWeighted } from '../world/seeds';

/** What an agent makes of one attempt. */
export type Act =
  | { do: 'succeed'; ms: number }
  | { do: 'fail'; ms: number; final: boolean }
  /** Goes on until it is told to stop. */
  | { do: 'hang' }
  /** Does not listen when it is told to stop. */
  | { do: 'ignore'; ms: number }
  /** Adds steps to its run at the end, where it is part of one: also if it was told to stop meanwhile. */
  | { do: 'plan'; ms: number };

/** The input of every task: what its agents do, by attempt; the last entry counts for all that follow. */
export interface Part {
  acts: Act[];
}

export function actOf(random: Random): Act {
  const ms = Math.round(between(random, 1, 60) ** 1.7);
  return pickWeighted<() => Act>(random, [
    [70, () => ({ do: 'succeed', ms })],
    [14, () => ({ do: 'fail', ms, final: false })],
    [3, () => ({ do: 'fail', ms, final: true })],
    [4, () => ({ do: 'hang' })],
    [3, () => ({ do: 'ignore', ms: 4 * ms })],
    [6, () => ({ do: 'succeed', ms: 5 * ms })],
  ])();
}

/** Adds the steps that an attempt has planned to its run. */
export type Planning = (task: TaskContext['task'], signal: AbortSignal) => Promise<void>;

/** The handler of all types of work: it keeps the book of what really ran. */
export function agent(where: string, clock: Clock, work: WorkBook, plan: Planning) {
  return async (input: JsonValue, ctx: TaskContext): Promise<JsonValue> => {
    const { id, attempt } = ctx.task;
    work.began(id, attempt, where);
    const { acts } = input as unknown as Part;
    const act = acts[Math.min(attempt, acts.length) - 1] ?? { do: 'succeed', ms: 1 };
    await perform(act, clock, ctx.signal);
    if (act.do === 'plan') await plan(ctx.task, ctx.signal);
    const result = { by: where, attempt };
    work.made(id, attempt, result);
    return result;
  };
}

async function perform(act: Act, clock: Clock, signal: AbortSignal): Promise<void> {
  switch (act.do) {
    case 'succeed':
      return delay(clock, act.ms, signal);
    case 'fail':
      await delay(clock, act.ms, signal);
      if (act.final) throw new NonRetryableError('agent-gave-up', 'there is no point in another try');
      throw new Error('not this time');
    case 'hang':
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    case 'ignore':
    case 'plan':
      return delay(clock, act.ms);
  }
}
