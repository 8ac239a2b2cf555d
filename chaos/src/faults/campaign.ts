import { setTimeout as delay } from 'node:timers/promises';
import { randomInteger, seededRandom } from '@multiswarm/core';
import type { Deployment } from '../system/deployment';
import { inject, type Outcome } from './inject';
import { describeFault, type Fault, type Step } from './plan';

export interface DoneFault extends Outcome {
  readonly fault: Fault;
  /** The shards that its target had. */
  readonly owned: readonly number[];
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
  /** The shards that a target has, as far as that can be told. */
  readonly ownedBy: (target: string) => Promise<readonly number[]>;
  /** What each step has to wait for before the next may begin. */
  readonly settled?: () => Promise<unknown>;
}

/** Step after step, until the plan or the time is over. */
export async function runCampaign(
  deployment: Deployment,
  { seed, plan, forMs, pauseMs, ownedBy, settled }: CampaignOptions,
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
        const owned = await ownedBy(fault.target);
        const from = Date.now();
        const outcome = await inject(deployment, fault);
        return { ...outcome, fault, owned, from, until: Date.now() };
      }),
    );
    await settled?.();
    const settledAt = Date.now();
    done.push(...results.map((result) => (settled ? { ...result, settledAt } : result)));
    await pause();
  }
  return done;
}
