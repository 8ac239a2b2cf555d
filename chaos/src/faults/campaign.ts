import { setTimeout as delay } from 'node:timers/promises';
import { randomInteger, seededRandom } from '@multiswarm/core';
import type { Deployment } from '../system/deployment';
import { inject, type Outcome } from './inject';
import { describeFault, type Fault, type Step } from './plan';

export interface DoneFault extends Outcome {
  readonly fault: Fault;
  readonly from: number;
  /** When its target was ready for work again. */
  readonly until: number;
  /** When the system was whole again, where that was waited for. */
  readonly settledAt?: number;
}

export interface CampaignOptions {
  readonly seed: number;
  readonly plan: Iterable<Step>;
  /** None is begun after this long. */
  readonly forMs: number;
  /** Between the end of one step and the beginning of the next. */
  readonly pauseMs: { readonly least: number; readonly most: number };
  /** What each step has to wait for before the next may begin. */
  readonly settled?: () => Promise<unknown>;
}

/** Step after step, until the plan or the time is over. */
export async function runCampaign(
  deployment: Deployment,
  { seed, plan, forMs, pauseMs, settled }: CampaignOptions,
  progress: (line: string) => void,
): Promise<DoneFault[]> {
  const random = seededRandom(seed);
  const done: DoneFault[] = [];
  const end = performance.now() + forMs;
  const pause = (): Promise<void> =>
    delay(pauseMs.least + randomInteger(random, pauseMs.most - pauseMs.least + 1));
  await pause();
  for (const step of plan) {
    if (performance.now() > end) break;
    progress(step.map(describeFault).join(', and '));
    const results = await Promise.all(
      step.map(async (fault): Promise<DoneFault> => {
        const from = Date.now();
        const outcome = await inject(deployment, fault);
        return { ...outcome, fault, from, until: Date.now() };
      }),
    );
    await settled?.();
    const settledAt = Date.now();
    done.push(...results.map((result) => (settled ? { ...result, settledAt } : result)));
    await pause();
  }
  return done;
}
