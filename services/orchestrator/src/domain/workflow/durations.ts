/** So many of the last values weigh as much as all before them. */
const MEMORY = 16;

/** From so many runs on, what was seen counts more than what was declared. */
export const ENOUGH_RUNS = 5;

/**
 * A mean that forgets, of logarithms: run times of one kind of work are skewed, and one that hung for an hour must not
 * stretch all others. (Of log-normal times it is the median.) The first values weigh the same, later ones 1/16 each.
 */
class Typical {
  runs = 0;
  private mean = 0;

  note(value: number): void {
    this.runs += 1;
    this.mean += (Math.log(value + 1) - this.mean) / Math.min(this.runs, MEMORY);
  }

  get value(): number {
    return Math.exp(this.mean) - 1;
  }
}

/** What is expected of one more run, and of how many runs that is known. */
export interface Expected {
  ms: number;
  runs: number;
}

/**
 * How long work of one type takes, learned from runs of it. Steps with a declared estimate are held against it: what is
 * learned of them is by which factor it is off, so that longer ones stay longer.
 */
export class TypicalDuration {
  private readonly length = new Typical();
  private readonly factor = new Typical();

  /** @param declaredMs the estimate that came with the work */
  note(ms: number, declaredMs: number | undefined): void {
    const lasted = Math.max(0, ms);
    this.length.note(lasted);
    if (declaredMs !== undefined && declaredMs > 0) this.factor.note(lasted / declaredMs);
  }

  /** @returns undefined where no comparable run is known */
  expect(declaredMs: number | undefined): Expected | undefined {
    const { runs, value } = declaredMs === undefined ? this.length : this.factor;
    return runs === 0 ? undefined : { ms: value * (declaredMs ?? 1), runs };
  }
}

/** Where durations of one type are looked up. */
export interface Durations {
  expect(type: string, declaredMs: number | undefined): Expected | undefined;
}

/**
 * What one step is expected to take: as the first source says that knows enough runs, else as declared, else as any source
 * says; undefined where nobody knows anything.
 * @param sources the closest first: the run itself, then everything that was seen
 */
export function expectedMs(
  type: string,
  declaredMs: number | undefined,
  sources: readonly Durations[],
): number | undefined {
  const known = sources.flatMap((source) => source.expect(type, declaredMs) ?? []);
  return known.find(({ runs }) => runs >= ENOUGH_RUNS)?.ms ?? declaredMs ?? known[0]?.ms;
}
