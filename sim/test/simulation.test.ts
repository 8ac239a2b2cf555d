import { PATIENCE_MS, sim } from './run-sim';

describe('the simulation', () => {
  test(
    'holds every invariant over 1,000 seeds',
    async () => {
      const halves = await Promise.all([
        sim('--seed', '1', '--seeds', '500'),
        sim('--seed', '501', '--seeds', '500'),
      ]);
      // What is printed for a seed that fails is the command that repeats it.
      expect(halves.filter(({ code }) => code !== 0).map(({ output }) => output)).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    'does the same for the same seed, in any process and whatever ran before',
    async () => {
      const runs = await Promise.all([sim('--seed', '17'), sim('--seed', '15', '--seeds', '3')]);
      const hashes = runs.map(({ output }) => /last hash (\S+)/.exec(output)?.[1]);
      expect(hashes[0]).toMatch(/^\d+-[0-9a-f]{8}$/);
      expect(hashes[1]).toBe(hashes[0]);
    },
    PATIENCE_MS,
  );
});
