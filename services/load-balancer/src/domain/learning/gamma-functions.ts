/** Below this the series is not exact enough yet: the recurrence leads there. */
const ASYMPTOTIC = 6;

/** ψ(x), the derivative of ln Γ, for x > 0 (Abramowitz and Stegun 6.3.5, 6.3.18; error below 1e-7). */
export function digamma(x: number): number {
  let value = 0;
  let at = x;
  for (; at < ASYMPTOTIC; at += 1) value -= 1 / at;
  const inverse = 1 / (at * at);
  return value + Math.log(at) - 0.5 / at - inverse * (1 / 12 - inverse * (1 / 120 - inverse / 252));
}

/** ψ′(x) for x > 0 (Abramowitz and Stegun 6.4.6, 6.4.12; error below 1e-7). */
export function trigamma(x: number): number {
  let value = 0;
  let at = x;
  for (; at < ASYMPTOTIC; at += 1) value += 1 / (at * at);
  const inverse = 1 / (at * at);
  return value + 1 / at + inverse / 2 + (inverse / at) * (1 / 6 - inverse * (1 / 30 - inverse / 42));
}
