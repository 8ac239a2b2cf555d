import { execFile } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
/** As in the script of package.json. */
const RUN = ['-C', 'multiswarm-source', '--enable-source-maps', '-r', './sim/load.cjs', 'sim/src/main.ts'];
const MAX_OUTPUT = 64 * 1024 * 1024;
const PATIENCE_MS = 15 * 60_000;

/** `npm run sim -- …`, and what it printed. */
function sim(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...RUN, ...args],
      { cwd: ROOT, maxBuffer: MAX_OUTPUT },
      (error, stdout, stderr) => {
        resolve({ code: error ? 1 : 0, output: stdout + stderr });
      },
    );
  });
}

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
    'finds out every mutant, except those that take more seeds than that',
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
