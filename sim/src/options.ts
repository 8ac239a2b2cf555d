import { parseArgs } from 'node:util';

export interface Options {
  /** How many seeds, from the first on. */
  seeds: number;
  seed: number;
  /** The name of one mutant to put in. */
  mutant: string | undefined;
  /** Whether to try all mutants, each of which must be killed. */
  mutants: boolean;
  /** Whether the seed that finds a mutant is written into its file, to be tried first from now on. */
  remember: boolean;
  verbose: boolean;
}

export const USAGE = `usage: npm run sim -- [options]

  --seed S        the first seed (default 1)
  --seeds N       how many seeds (default 1)
  --verbose       print everything that happens
  --mutant NAME   put the fault of this name (sim/mutants) into the code first
  --mutants       try every mutant over so many seeds; each has to be found out (default 200)
  --remember      with --mutants: write the seeds that find them into their files; these are tried first

A seed that breaks an invariant is printed with the command that repeats it. Exit: 0 all held, 1 not, 2 usage.
`;

/** Throws an error with the fault as its message. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      seed: { type: 'string' },
      seeds: { type: 'string' },
      mutant: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      remember: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { mutant, mutants, remember, verbose } = values;
  return {
    seed: whole('--seed', values.seed, 1),
    seeds: whole('--seeds', values.seeds, mutants ? 200 : 1),
    ...{ mutant, mutants, remember, verbose },
  };
}

function whole(option: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${option} takes a whole number from 1, not ${given}`);
  return value;
}
