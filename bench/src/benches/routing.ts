import type { Figure } from '../report';
import { POLICIES, policyByName } from '../../../services/load-balancer/src/domain/policies';
import { seedsOf, type Options } from '../options';
import { compare, estimates, MEASURES, type Measure, type Outcome } from '../routing/compare';
import { engineRouting, withoutHealth } from '../routing/engine/engine-routing';
import { difference } from '../routing/intervals';
import { anyHost, roundRobin } from '../routing/references/blind';
import { joinIdleQueue, joinShortestQueue, twoChoices } from '../routing/references/by-load';
import { centralQueue } from '../routing/references/central-queue';
import { peakEwma } from '../routing/references/peak-ewma';
import { prequal } from '../routing/references/prequal';
import type { Routing } from '../routing/routing';
import type { Scenario } from '../routing/scenario';
import { allSlow, drill } from '../routing/scenarios/drill';
import { mixedFleets } from '../routing/scenarios/mixed';
import { ramp, RAMP_CLIENTS } from '../routing/scenarios/ramp';
import { slotLimited } from '../routing/scenarios/slot-limited';
import { rounded } from '../statistics';
import type { Bench } from './bench';
import { drillFigures } from './drill-figures';

/** What every way to route is shown beside. */
const IDEAL = centralQueue;

const REFERENCES: readonly Routing[] = [
  ...[joinIdleQueue, joinShortestQueue, twoChoices, peakEwma, prequal(RAMP_CLIENTS), roundRobin, anyHost],
];
const OURS: readonly Routing[] = POLICIES.map(engineRouting);
/** Where the scenario is about something that the other policies do not look at. */
const FEW: readonly Routing[] = ['hybrid', 'least-loaded', 'cost'].map((name) =>
  engineRouting(policyByName(name)),
);

/** Requests of one seed; of one step of the ramp. */
const REQUESTS = {
  quick: { slotLimited: 10_000, rampStep: 2_000, mixed: 5_000 },
  full: { slotLimited: 50_000, rampStep: 15_000, mixed: 30_000 },
};

interface Comparison {
  scenario: Scenario;
  routings: readonly Routing[];
  /** What the `value` of a line is; all others are in its details. */
  measure: Measure;
}

/** Routing in simulated fleets: pure arithmetic from seeds, so that the figures are the same on every machine. */
export const routing: Bench = (options, progress) => {
  const wanted = comparisons(options).filter(({ scenario }) => isWanted(options.scenarios, scenario.name));
  return Promise.resolve(wanted.flatMap((each) => figures(each, options, progress)));
};

function comparisons({ quick }: Options): Comparison[] {
  const requests = quick ? REQUESTS.quick : REQUESTS.full;
  const all = [...OURS, ...REFERENCES];
  const few = [...FEW, ...REFERENCES];
  const drilled = [withoutHealth(policyByName('hybrid')), ...few];
  return [
    { scenario: slotLimited(requests.slotLimited), routings: all, measure: 'p99' },
    { scenario: ramp(requests.rampStep), routings: all, measure: 'p999' },
    ...mixedFleets(requests.mixed).map((scenario) => ({ scenario, routings: few, measure: 'p99' as const })),
    { scenario: drill(), routings: drilled, measure: 'hurt' },
    { scenario: allSlow(), routings: drilled, measure: 'p99' },
  ];
}

function isWanted(names: readonly string[], name: string): boolean {
  return names.length === 0 || names.includes(name);
}

function figures(
  { scenario, routings, measure }: Comparison,
  { policies, ...options }: Options,
  progress: (line: string) => void,
): Figure[] {
  const chosen = routings.filter(({ name }) => isWanted(policies, name));
  const outcomes = compare(scenario, [IDEAL, ...chosen], seedsOf(options), progress);
  const settings = settingsOf(scenario, options);
  const compared = outcomes.map((outcome) => {
    const ideal = outcomes.find(({ routing, phase }) => routing === IDEAL.name && phase === outcome.phase);
    return { ...figure(outcome, ideal ?? outcome, measure), settings };
  });
  const [first] = scenario.phases;
  const drilled = outcomes.filter(({ phase }) => phase === first?.name);
  return [...compared, ...drilled.flatMap((outcome) => drillFigures(outcome, settings))];
}

function settingsOf(
  scenario: Scenario,
  { seeds, firstSeed }: Pick<Options, 'seeds' | 'firstSeed'>,
): Figure['settings'] {
  const { hosts, service, replicas, reportEveryS, meanServiceS, deadlineS } = scenario;
  return {
    ...{ seeds, firstSeed, hosts: hosts.length, service: service.name, meanServiceS },
    ...{ replicas, reportEveryS, ...(deadlineS < Infinity ? { deadlineS } : {}) },
  };
}

function figure(outcome: Outcome, ideal: Outcome, measure: Measure): Omit<Figure, 'settings'> {
  const { scenario, phase, routing: policy, runs } = outcome;
  return {
    bench: 'routing',
    metric: `${scenario}, ${phase}: ${measure}`,
    unit: measure === 'hurt' ? 'share of requests' : 'mean service times',
    own: { name: policy, runs: runs[measure] },
    peer: { name: ideal.routing, runs: ideal.runs[measure] },
    details: {
      ...Object.fromEntries(MEASURES.map((name) => [name, shown(estimates(outcome)[name])])),
      worseThanPeerBy: shown(difference(runs[measure], ideal.runs[measure])),
    },
    serverVersions: {},
  };
}

/** Mean, and half the width of the 95% interval over the seeds. */
function shown({ mean, plusMinus }: { mean: number; plusMinus: number }): [number, number] {
  return [rounded(mean), Number.isNaN(plusMinus) ? 0 : rounded(plusMinus)];
}
