import { run, scenarios, type Measures, type Outcome } from './experiment';

const [heterogeneous, alike] = scenarios(5_000);

/** What came of two seeds, for one chooser at a time. */
function outcomes(scenario: typeof heterogeneous): (chooser: string) => Outcome[] {
  if (scenario === undefined) throw new Error('there is no such scenario');
  const all = [1, 2].flatMap((seed) => run(scenario, seed));
  return (chooser) => all.filter((outcome) => outcome.chooser === chooser);
}

/** How much more a chooser costs than another one, over all seeds; in one part, or in the whole. */
function above(chooser: Outcome[], other: Outcome[], phase?: number): number {
  const cost = ({ whole, phases }: Outcome): number =>
    (phase === undefined ? whole : (phases[phase] as Measures)).cost;
  const ratios = chooser.map((outcome, seed) => cost(outcome) / cost(other[seed] as Outcome));
  return ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length - 1;
}

test('what is learned soon costs little more than what is known, and is learned anew when it has changed', () => {
  const of = outcomes(heterogeneous);
  const [oracle, learned, leastLoaded] = [of('oracle'), of('learned'), of('least-loaded')];
  expect(above(leastLoaded, oracle)).toBeGreaterThan(0.6);
  expect(above(learned, oracle, 3)).toBeLessThan(0.15);
  expect(above(learned, oracle, 4)).toBeGreaterThan(0.15);
  expect(above(learned, oracle, 7)).toBeLessThan(0.15);
});

test('where all classes are alike nothing is lost', () => {
  const of = outcomes(alike);
  const [learned, leastLoaded] = [of('learned'), of('least-loaded')];
  expect(Math.abs(above(learned, leastLoaded))).toBeLessThan(0.02);
  for (const [seed, { whole }] of learned.entries()) {
    const other = leastLoaded[seed]?.whole as Measures;
    expect(Math.abs(whole.success - other.success)).toBeLessThan(0.01);
  }
});
