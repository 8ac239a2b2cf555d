import { estimate, type Estimate } from './intervals';
import type { DrillResult } from './drill-watch';
import type { PhaseResult } from './results';
import type { Routing } from './routing';
import type { Scenario } from './scenario';
import { simulate } from './simulate';

export const MEASURES = [
  ...(['p50', 'p99', 'p999', 'mean', 'errors', 'hurt', 'waited', 'refusals', 'costPerThousand'] as const),
];
export type Measure = (typeof MEASURES)[number];

/** What one way to route came to in one phase: a value for each seed, in the order of the seeds. */
export interface Outcome {
  scenario: string;
  phase: string;
  routing: string;
  runs: Readonly<Record<Measure, readonly number[]>>;
  /** Of a drill, seed by seed; none where balancers do not judge hosts. */
  drills: readonly DrillResult[];
}

/** Every way to route meets the same requests and troubles, seed by seed. */
export function compare(
  scenario: Scenario,
  routings: readonly Routing[],
  seeds: readonly number[],
  progress: (line: string) => void,
): Outcome[] {
  return routings.flatMap((routing) => {
    const fromMs = performance.now();
    const results = seeds.map((seed) => simulate(scenario, routing, seed));
    const perPhase = results.map((result) => result.perPhase());
    const outcomes = scenario.phases.map(({ name }, phase) => ({
      scenario: scenario.name,
      phase: name,
      routing: routing.name,
      runs: runsOf(perPhase.flatMap((result) => result[phase] ?? [])),
      drills: results.flatMap(({ drill }) => drill ?? []),
    }));
    const tookS = (performance.now() - fromMs) / 1_000;
    for (const outcome of outcomes) progress(`${shown(outcome)}  (${tookS.toFixed(1)} s)`);
    return outcomes;
  });
}

function runsOf(results: readonly PhaseResult[]): Outcome['runs'] {
  const of = (measure: Measure): number[] => results.map((result) => result[measure]);
  return {
    ...{ p50: of('p50'), p99: of('p99'), p999: of('p999'), mean: of('mean'), errors: of('errors') },
    ...{ hurt: of('hurt'), waited: of('waited'), refusals: of('refusals') },
    costPerThousand: of('costPerThousand'),
  };
}

/** Mean and 95% interval of each measure. */
export function estimates({ runs }: Outcome): Record<Measure, Estimate> {
  const of = (measure: Measure): Estimate => estimate(runs[measure]);
  return {
    ...{ p50: of('p50'), p99: of('p99'), p999: of('p999'), mean: of('mean'), errors: of('errors') },
    ...{ hurt: of('hurt'), waited: of('waited'), refusals: of('refusals') },
    costPerThousand: of('costPerThousand'),
  };
}

/** One line for people who wait. */
function shown(outcome: Outcome): string {
  const { p50, p99, p999, errors, hurt, refusals, costPerThousand } = estimates(outcome);
  const value = ({ mean, plusMinus }: Estimate): string =>
    `${mean.toPrecision(3)}${plusMinus > 0 ? ` ±${plusMinus.toPrecision(2)}` : ''}`;
  const figures = [
    `p50 ${value(p50)}`,
    `p99 ${value(p99)}`,
    `p99.9 ${value(p999)}`,
    `errors ${value(errors)}`,
    `hurt ${value(hurt)}`,
    `refusals ${value(refusals)}`,
    `cost ${value(costPerThousand)}`,
  ];
  return `${outcome.scenario}, ${outcome.phase}  ${outcome.routing.padEnd(20)} ${figures.join('  ')}`;
}
