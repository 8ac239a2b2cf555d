import { possibleFaults } from './faults/possible';
import { planFaults } from './faults/plan';
import { rollingPlan } from './faults/rolling';
import type { Options } from './options';
import type { ChaosOptions } from './run';
import { HURRIED, SHIPPED } from './system/settings';

/** Pauses in which the system comes to itself; less than some leases, more than others. */
const PAUSE_MS = { least: 500, most: 5_000 };
const ROLLING_PAUSE_MS = { least: 2_000, most: 2_000 };
const CALM_MS = 10_000;
const LONGEST_AGENT_MS = 8_000;
/** Fifteen region timeouts of hurried settings: as with the shipped ones seven and a half minutes are. */
const HELD_MS = 90_000;
/** Of the time of the load, so that a short run is not mostly waiting. */
const HELD_SHARE = 0.25;
/** Longer than any fault: what is not acknowledged then never will be. */
const PATIENCE = { retryForMs: 180_000, requestTimeoutMs: 8_000 };
const PROBE_EVERY_MS = { faults: 200, rolling: 50 };

/** What a command line asks for. */
export function scenarioOf(options: Options): ChaosOptions {
  const { seed, tasks, minutes, perSecond, deadlineMinutes, keep } = options;
  const common = { seed, keep, deadlineMs: deadlineMinutes * 60_000 };
  if (options.scenario === 'rolling')
    return {
      holds: { longestMs: LONGEST_AGENT_MS },
      ...{ ...common, scenario: 'rolling', settings: SHIPPED, load: { perSecond }, plan: rollingPlan() },
      ...{ faultsForMs: Infinity, calmMs: CALM_MS, pauseMs: ROLLING_PAUSE_MS, settles: true },
      // As the SDK has it: what it gives up is a failed submission.
      ...{ probeEveryMs: PROBE_EVERY_MS.rolling, patience: {} },
    };
  const possible = possibleFaults().filter(({ kind }) => options.only.includes(kind));
  const heldMs = Math.max(LONGEST_AGENT_MS + 1, Math.min(HELD_MS, minutes * 60_000 * HELD_SHARE));
  return {
    holds: { longestMs: LONGEST_AGENT_MS, heldMs },
    ...{ ...common, scenario: 'faults', settings: HURRIED, faultsForMs: minutes * 60_000 },
    ...{ load: { tasks, perSecond: tasks / (minutes * 60) }, plan: planFaults(seed, possible) },
    ...{ calmMs: 0, pauseMs: PAUSE_MS, settles: false, patience: PATIENCE },
    probeEveryMs: PROBE_EVERY_MS.faults,
  };
}
