import type { Random } from '@multiswarm/core';

/** How much work requests bring, as a multiple of the mean: every distribution here has mean 1. */
export interface Distribution {
  readonly name: string;
  draw(random: Random): number;
}

/** `seededRandom` gives [0, 1); logarithms need (0, 1]. */
const positive = (random: Random): number => 1 - random.next();

export const constant: Distribution = { name: 'constant', draw: () => 1 };

export const exponential: Distribution = {
  name: 'exponential',
  draw: (random) => -Math.log(positive(random)),
};

/** Heavy tail: the logarithm is normal with this deviation; the median is exp(-sigma²/2). */
export function lognormal(sigma: number): Distribution {
  return {
    name: `lognormal(${sigma})`,
    draw: (random) => Math.exp(sigma * standardNormal(random) - (sigma * sigma) / 2),
  };
}

/**
 * Heavier still: the share of requests above x falls as x^-alpha, up to `most` times the smallest one. The bound keeps the
 * variance finite, so that averages over seeds mean something.
 */
export function boundedPareto(alpha: number, most: number): Distribution {
  const cut = 1 - Math.pow(most, -alpha);
  const mean = ((alpha / (alpha - 1)) * (1 - Math.pow(most, 1 - alpha))) / cut;
  return {
    name: `pareto(${alpha}, ${most})`,
    draw: (random) => Math.pow(1 - random.next() * cut, -1 / alpha) / mean,
  };
}

/** A normal distribution whose deviation was as large as its mean before everything below zero was cut off. */
export const truncatedNormal: Distribution = {
  name: 'truncated normal',
  draw: (random) => {
    for (;;) {
      const drawn = 1 + standardNormal(random);
      if (drawn > 0) return drawn / MEAN_OF_TRUNCATED;
    }
  },
};

/** Mean of a normal distribution (1, 1) above zero: 1 + φ(1) / Φ(1). */
const MEAN_OF_TRUNCATED = 1 + 0.24197072451914337 / 0.8413447460685429;

/** Box and Muller (1958), one of the two. */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(positive(random))) * Math.cos(2 * Math.PI * random.next());
}
