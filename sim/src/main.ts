import { allMutants, mutantNamed, remember, type Mutant } from './mutants';
import { readOptions, USAGE, type Options } from './options';
import type { simulate, RunResult } from './simulate';
import { INVARIANTS } from './invariants/findings';

/** See ../load.cjs, which this process was started with. */
interface Loader {
  loadWith: (path: string, patches: Mutant['patches']) => { simulate: typeof simulate };
}
// eslint-disable-next-line @typescript-eslint/no-require-imports -- plain JavaScript, loaded before any TypeScript can be
const { loadWith } = require('../load.cjs') as Loader;

/** Seeds between two lines that say how far a run is. */
const PROGRESS = 100;
const NOT_DEMANDED = 'not demanded:';
const SIMULATE = 'sim/src/simulate.ts';

/** Runs seeds until one finds something, or to the end. */
async function runSeeds(run: typeof simulate, { seeds, seed, verbose, mutant }: Options): Promise<number> {
  let failed = 0;
  let hash = '';
  const sums = { events: 0, tasks: 0, attempts: 0, simulatedMs: 0 };
  const from = performance.now();
  for (let next = seed; next < seed + seeds; next += 1) {
    const result = await attempt(run, next, verbose);
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += result[key];
    hash = result.hash;
    const done = next - seed + 1;
    if (done % PROGRESS === 0 && done < seeds)
      process.stderr.write(`sim: ${done} of ${seeds} seeds, ${failed} of them failed\n`);
    if (result.finding) {
      failed += 1;
      process.stdout.write(`${told(result)}\n  repeat with: ${command(next, mutant)}\n`);
    }
  }
  const seconds = (performance.now() - from) / 1000;
  process.stdout.write(
    `${seeds - failed} of ${seeds} seeds held in ${seconds.toFixed(1)} s: ${sums.tasks} tasks, ${sums.attempts} attempts, ` +
      `${sums.events} events, ${Math.round(sums.simulatedMs / 1000)} simulated seconds, last hash ${hash}\n`,
  );
  return failed === 0 ? 0 : 1;
}

async function runMutants(options: Options): Promise<number> {
  let survived = 0;
  for (const mutant of allMutants()) {
    const verdict = await tryMutant(mutant, options);
    if (!verdict.startsWith('killed') && !verdict.startsWith(NOT_DEMANDED)) survived += 1;
    process.stdout.write(`${mutant.name.padEnd(34)} ${verdict}\n`);
  }
  return survived === 0 ? 0 : 1;
}

async function tryMutant(mutant: Mutant, options: Options): Promise<string> {
  const { patches, seeds: known, takesSeeds = 0, survived } = mutant;
  const { seeds, seed } = options;
  let run;
  try {
    run = loadWith(SIMULATE, patches).simulate;
  } catch (error) {
    return `DOES NOT FIT: ${error instanceof Error ? error.message : String(error)}`;
  }
  const isDemanded = survived === undefined && seeds >= takesSeeds;
  const others = Array.from({ length: isDemanded ? seeds : 0 }, (_, index) => seed + index);
  const killer = await firstFailure(run, [...known, ...others]);
  if (!killer?.finding) {
    if (isDemanded) return `SURVIVED ${known.length + seeds} seeds`;
    return survived === undefined
      ? `${NOT_DEMANDED} it takes about ${takesSeeds} seeds`
      : `${NOT_DEMANDED} ${survived} seeds have not found it`;
  }
  if (options.remember) remember(mutant, killer.seed);
  const { invariant, detail } = killer.finding;
  return `killed by seed ${killer.seed}: invariant ${invariant}, ${detail.split('\n')[0]}`;
}

async function firstFailure(run: typeof simulate, seeds: readonly number[]): Promise<RunResult | undefined> {
  for (const seed of seeds) {
    const result = await attempt(run, seed, false);
    if (result.finding) return result;
  }
  return undefined;
}

function attempt(run: typeof simulate, seed: number, verbose: boolean): Promise<RunResult> {
  return run({ seed, onLine: verbose ? (line) => process.stdout.write(`${line}\n`) : undefined });
}

function told({ seed, finding }: RunResult): string {
  if (!finding) return `seed ${seed} held`;
  const { invariant, at, detail } = finding;
  return `seed ${seed} broke invariant ${invariant} (${INVARIANTS[invariant]}) after ${(at / 1000).toFixed(3)} s:\n  ${detail}`;
}

function command(seed: number, mutant: string | undefined): string {
  return `npm run sim -- --seed ${seed} --verbose${mutant === undefined ? '' : ` --mutant ${mutant}`}`;
}

async function main(): Promise<number> {
  let options;
  let patches: Mutant['patches'];
  try {
    options = readOptions(process.argv.slice(2));
    if (options === 'help') {
      process.stdout.write(USAGE);
      return 0;
    }
    patches = options.mutant === undefined ? [] : mutantNamed(options.mutant).patches;
  } catch (error) {
    process.stderr.write(`sim: ${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options.mutants) return runMutants(options);
  return runSeeds(loadWith(SIMULATE, patches).simulate, options);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`sim: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
