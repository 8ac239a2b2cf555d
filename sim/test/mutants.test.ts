import { PATIENCE_MS, sim } from './run-sim';

test(
  'the simulation finds out every mutant, except those that take more seeds than that',
  async () => {
    const { code, output } = await sim('--mutants', '--seeds', '200');
    expect({
      code,
      survivors: output.split('\n').filter((line) => /SURVIVED|DOES NOT FIT/.test(line)),
    }).toEqual({
      code: 0,
      survivors: [],
    });
  },
  PATIENCE_MS,
);
