import type { Figure } from '../report';
import { compare, estimates, MEASURES, type Measure, type Outcome } from '../routing/compare';
import { difference } from '../routing/intervals';
import { anyHost, roundRobin } from '../routing/references/blind';
import { joinIdleQueue, joinShortestQueue, twoChoices } from '../routing/references/by-load';
import { centralQueue } from '../routing/references/central-queue';
import { peakEwma } from '../routing/references/peak-ewma';
import { prequal } from '../routing/references/prequal';
import type { Routing } from '../routing/routing';
import type { Scenario } from '../routing/scenario';
import { drill, DRILL_ALL_SLOW, DRILL_TROUBLES } from '../routing/scenarios/drill';
import { mixedFleets } from '../routing/scenarios/mixed';
import { ramp, RAMP_CLIENTS } from '../routing/scenarios/ramp';
import { slotLimited } from '../routing/scenarios/slot-limited';
import { rounded } from '../statistics';
import type { Bench } from './bench';

/** What every way to route is shown beside. */
const IDEAL = centralQueue;

const REFERENCES: readonly Routing[] = [
  IDEAL,
  joinIdleQueue,
  joinShortestQueue,
  twoChoices,
  peakEwma,
  prequal(RAMP_CLIENTS),
  roundRobin,
  anyHost,
];

/** Requests of one seed; of one step of the ramp. */
const REQUESTS = {
  quick: { slotLimited: 20_000, rampStep: 5_000, mixed: 10_000 },
  full: { slotLimited: 300_000, rampStep: 40_000, mixed: 100_000 },
};

/** Routing in simulated fleets: pure arithmetic from seeds, so that the figures are the same on every machine. */
export const routing: Bench = (options, progress) => {
  const requests = options.quick ? REQUESTS.quick : REQUESTS.full;
  const slots = compared(slotLimited(requests.slotLimited), 'p99', options.seeds, progress);
  const steps = compared(ramp(requests.rampStep), 'p999', options.seeds, progress);
  const mixed = mixedFleets(requests.mixed).flatMap((fleet) => {
    return compared(fleet, 'p99', options.seeds, progress);
  });
  const drilled = compared(drill('drill', DRILL_TROUBLES), 'errors', options.seeds, progress);
  const allSlow = compared(drill('all-slow', DRILL_ALL_SLOW, 0.3), 'p99', options.seeds, progress);
  return Promise.resolve([...slots, ...steps, ...mixed, ...drilled, ...allSlow]);
};

/** @param measure what the line's `value` is; all others are in its details */
function compared(
  scenario: Scenario,
  measure: Measure,
  seeds: number,
  progress: (line: string) => void,
): Figure[] {
  const outcomes = compare(scenario, REFERENCES, seeds, progress);
  return outcomes.map((outcome) => {
    const ideal = outcomes.find(({ routing, phase }) => routing === IDEAL.name && phase === outcome.phase);
    return figure(scenario, outcome, ideal ?? outcome, measure);
  });
}

function figure(scenario: Scenario, outcome: Outcome, ideal: Outcome, measure: Measure): Figure {
  const { hosts, service, replicas, reportEveryS, meanServiceS, deadlineS } = scenario;
  const { phase, routing: policy, runs } = outcome;
  return {
    bench: 'routing',
    metric: `${scenario.name}, ${phase}: ${measure}`,
    unit: measure === 'errors' ? 'share of requests' : 'mean service times',
    own: { name: policy, runs: runs[measure] },
    peer: { name: ideal.routing, runs: ideal.runs[measure] },
    details: {
      ...Object.fromEntries(MEASURES.map((name) => [name, shown(estimates(outcome)[name])])),
      worseThanPeerBy: shown(difference(runs[measure], ideal.runs[measure])),
    },
    settings: {
      ...{ seeds: runs[measure].length, hosts: hosts.length, service: service.name, meanServiceS },
      ...{ replicas, reportEveryS, ...(deadlineS < Infinity ? { deadlineS } : {}) },
    },
    serverVersions: {},
  };
}

/** Mean, and half the width of the 95% interval over the seeds. */
function shown({ mean, plusMinus }: { mean: number; plusMinus: number }): [number, number] {
  return [rounded(mean), Number.isNaN(plusMinus) ? 0 : rounded(plusMinus)];
}
