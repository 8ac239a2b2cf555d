import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** A fault that somebody could put into the code, and that a simulation has to find. */
const Mutant = z.strictObject({
  /** What it breaks, in a sentence. */
  breaks: z.string(),
  /** Seeds that find it, as far as they are known: they are tried first. */
  seeds: z.array(z.number().int()).default([]),
  /** As many seeds have found it, where fewer may not: with fewer only those that are known are tried, and it may survive. */
  takesSeeds: z.number().int().optional(),
  /** As many seeds have not found it: a gap of the simulation, which is told and not demanded. */
  survived: z.number().int().optional(),
  patches: z.array(z.strictObject({ file: z.string(), find: z.string().min(1), replace: z.string() })).min(1),
});
export type Mutant = z.infer<typeof Mutant> & { name: string };

const DIRECTORY = join(__dirname, '..', 'mutants');

export function allMutants(): Mutant[] {
  return readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      ...Mutant.parse(JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8'))),
      name: file.slice(0, -'.json'.length),
    }));
}

/** @throws Error where there is none of this name */
export function mutantNamed(name: string): Mutant {
  const all = allMutants();
  const found = all.find((mutant) => mutant.name === name);
  if (!found)
    throw new Error(`no mutant is called ${name}; there are ${all.map((each) => each.name).join(', ')}`);
  return found;
}
