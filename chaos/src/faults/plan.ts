import { randomInteger, seededRandom, type Random } from '@multiswarm/core';

/** What is done to one part of the system, for how long; then it is undone. */
export type Fault =
  /** Told to end, and started again when it has. */
  | { readonly kind: 'restart'; readonly target: string; readonly forMs: number }
  | { readonly kind: 'kill'; readonly target: string; readonly forMs: number }
  | { readonly kind: 'freeze'; readonly target: string; readonly forMs: number }
  | { readonly kind: 'cut'; readonly target: string; readonly forMs: number }
  | { readonly kind: 'disk-full'; readonly target: string; readonly forMs: number }
  /** The same where Redis goes on, and refuses what would change anything. */
  | { readonly kind: 'writes-refused'; readonly target: string; readonly forMs: number };
export type FaultKind = Fault['kind'];
export const FAULT_KINDS = [
  'restart',
  'kill',
  'freeze',
  'cut',
  'disk-full',
  'writes-refused',
] as const satisfies FaultKind[];

/** One that can be done, and the least and most that it lasts. */
export interface PossibleFault {
  readonly kind: FaultKind;
  readonly target: string;
  readonly leastMs: number;
  readonly mostMs: number;
}

/** Faults of one step begin together. */
export type Step = readonly Fault[];

/** The share of steps with a second fault at the same time. */
const PAIRED = 0.25;

/**
 * Endless, the same for the same seed. Every possible fault comes once, in the order given, one by one; then again and again
 * each once in random order, before any comes again, and now and then two together, never both of one target.
 */
export function* planFaults(seed: number, possible: readonly PossibleFault[]): Generator<Step, never> {
  const random = seededRandom(seed);
  for (const each of possible) yield [drawn(random, each)];
  for (;;) {
    let round = shuffled(random, possible);
    while (round.length > 0) {
      const [first, ...others] = round as [PossibleFault, ...PossibleFault[]];
      const second =
        random.next() < PAIRED ? others.find(({ target }) => target !== first.target) : undefined;
      round = others.filter((each) => each !== second);
      yield (second ? [first, second] : [first]).map((each) => drawn(random, each));
    }
  }
}

function drawn(random: Random, { kind, target, leastMs, mostMs }: PossibleFault): Fault {
  return { kind, target, forMs: leastMs + randomInteger(random, mostMs - leastMs + 1) };
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const left = [...items];
  const out: T[] = [];
  while (left.length > 0) out.push(...left.splice(randomInteger(random, left.length), 1));
  return out;
}

export function describeFault({ kind, target, forMs }: Fault): string {
  if (forMs === 0) return `${kind} ${target}`;
  return `${kind} ${target} for ${(forMs / 1000).toFixed(1)} s`;
}
