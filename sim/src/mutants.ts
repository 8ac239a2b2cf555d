import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
/** Any change of the engine may turn a seed into another story: some that have found a mutant before may do so again. */
const SEEDS_REMEMBERED = 3;

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

/** Writes into the file of a mutant that this seed has found it, before those that have earlier. */
export function remember({ name, seeds }: Mutant, seed: number): void {
  const file = join(DIRECTORY, `${name}.json`);
  const known = [seed, ...seeds.filter((each) => each !== seed)].slice(0, SEEDS_REMEMBERED);
  const text = readFileSync(file, 'utf8');
  const line = `"seeds": [${known.join(', ')}]`;
  const listed = /"seeds": \[[^\]]*\]/;
  writeFileSync(
    file,
    listed.test(text) ? text.replace(listed, line) : text.replace('"patches":', `${line},\n  "patches":`),
  );
}
