import { HOLD_TYPE } from '../systems/flow-shapes';
import { lowerBoundMs, type ReplayedStep } from './instance';
import type { Instance } from './read-instances';
import { listScheduleMs } from './schedule';

/** How long a replay takes at best: long enough that waits are long beside what a step costs, short enough for dozens of them. */
const TARGET_MS = { least: 6_000, most: 20_000, quick: 1_000 };
/** Of large workflows it is longer, so that the steps do not become shorter than what they cost. */
const TARGET_MS_FOR_A_STEP = 3;

/** A workflow as it is replayed on so many slots. All times in milliseconds. */
export interface Replay {
  name: string;
  slots: number;
  /** Held milliseconds for each recorded one. */
  scale: number;
  steps: readonly ReplayedStep[];
  boundMs: number;
  /** Offline, when nothing costs time but the steps. */
  listMs: number;
  fifoMs: number;
}

/** Scales the recorded time so that the list schedule takes a few seconds on these slots. */
export function planReplay({ name, steps: recorded }: Instance, slots: number, quick: boolean): Replay {
  const { least, most } = TARGET_MS;
  const targetMs = quick
    ? TARGET_MS.quick
    : Math.min(most, Math.max(least, recorded.length * TARGET_MS_FOR_A_STEP));
  const scale = targetMs / listScheduleMs(recorded, slots, 'bottom-level');
  const steps = recorded.map(({ holdMs, parents }) => ({ holdMs: Math.round(holdMs * scale), parents }));
  return {
    ...{ name, slots, scale, steps },
    boundMs: lowerBoundMs(steps, slots),
    listMs: listScheduleMs(steps, slots, 'bottom-level'),
    fifoMs: listScheduleMs(steps, slots, 'fifo'),
  };
}

/** What is submitted. Ids are short, since thousands of steps with their edges have to fit a message. */
export function toSubmission(steps: readonly ReplayedStep[]) {
  const dependencies: Record<string, string[]> = {};
  steps.forEach(({ parents }, at) => {
    if (parents.length > 0) dependencies[`s${at}`] = parents.map((parent) => `s${parent}`);
  });
  const tasks = steps.map(({ holdMs }, at) => ({
    ...{ id: `s${at}`, type: HOLD_TYPE },
    ...{ input: { holdMs }, estimateMs: holdMs },
  }));
  return { tasks, dependencies };
}
