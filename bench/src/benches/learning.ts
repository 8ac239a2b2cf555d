import { seedsOf, type Options } from '../options';
import type { Figure } from '../report';
import { estimate, type Estimate } from '../routing/intervals';
import {
  PHASES,
  run,
  scenarios,
  type Measures,
  type Outcome,
  type Scenario,
} from '../routing/learning/experiment';
import { rounded } from '../statistics';
import type { Bench } from './bench';

const TASKS = { quick: 5_000, full: 40_000 };

/** What one chooser came to, seed by seed. */
type Runs = readonly Outcome[];

/** What the load-balancer learns of classes of swarms, in simulated fleets: pure arithmetic from seeds. */
export const learning: Bench = (options, progress) => {
  const all = scenarios(options.quick ? TASKS.quick : TASKS.full);
  const wanted = all.filter(({ name }) => options.scenarios.length === 0 || options.scenarios.includes(name));
  return Promise.resolve(wanted.flatMap((scenario) => figures(scenario, options, progress)));
};

function figures(scenario: Scenario, options: Options, progress: (line: string) => void): Figure[] {
  const runs = seedsOf(options).map((seed) => run(scenario, seed));
  const choosers = (runs[0] ?? []).map(({ chooser }) => chooser);
  const of = (name: string): Runs => runs.flatMap((each) => each.filter(({ chooser }) => chooser === name));
  const peer = of(scenario.heldAgainst);
  return choosers.map((name) => {
    const figure = figureOf(scenario, of(name), peer, options);
    progress(`${scenario.name}  ${name.padEnd(12)} ${JSON.stringify(figure.details)}`);
    return figure;
  });
}

/** Costs are held against each other seed by seed, since both met the same tasks at the same times. */
function figureOf(scenario: Scenario, own: Runs, peer: Runs, { firstSeed }: Options): Figure {
  const cost = (runs: Runs): number[] => runs.map(({ whole }) => whole.cost);
  const phases = Array.from({ length: PHASES }, (_, at) => at);
  return {
    bench: 'learning',
    metric: `${scenario.name}: cost of a success`,
    unit: 'USD',
    own: { name: nameOf(own), runs: cost(own) },
    peer: { name: nameOf(peer), runs: cost(peer) },
    details: {
      costAbovePeerPercent: shown(above(own, peer, ({ whole }) => whole)),
      successBelowPeerPoints: shown(below(own, peer)),
      successRate: shown(estimate(own.map(({ whole }) => whole.success))),
      costAbovePeerPercentByEighth: phases.map((at) =>
        shown(above(own, peer, (outcome) => outcome.phases[at] as Measures)),
      ),
    },
    settings: {
      ...{ seeds: own.length, firstSeed, tasks: scenario.tasks, drift: scenario.drift },
      ...scenario.world,
    },
    serverVersions: {},
  };
}

function above(own: Runs, peer: Runs, part: (outcome: Outcome) => Measures): Estimate {
  return estimate(own.map((each, seed) => 100 * (part(each).cost / part(peer[seed] as Outcome).cost - 1)));
}

function below(own: Runs, peer: Runs): Estimate {
  return estimate(
    own.map(({ whole }, seed) => 100 * ((peer[seed] as Outcome).whole.success - whole.success)),
  );
}

function nameOf(runs: Runs): string {
  return runs[0]?.chooser ?? '';
}

/** Mean, and half the width of the 95% interval over the seeds. */
function shown({ mean, plusMinus }: Estimate): [number, number] {
  return [rounded(mean), Number.isNaN(plusMinus) ? 0 : rounded(plusMinus)];
}
