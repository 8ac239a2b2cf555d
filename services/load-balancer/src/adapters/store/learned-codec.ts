import { z } from 'zod';
import { LIMITS, Name, SwarmClass } from '@multiswarm/contracts';
import { noSums, type EvidenceState, type Sums } from '../../domain/learning/evidence';
import type { PairName } from '../../domain/learning/memory';

/** What is left of numbers that are only estimates anyway. */
const DIGITS = 7;
/** Buckets that anybody has stored: more are not ours. */
const BUCKETS = 1_024;

const weight = z.number().nonnegative();
const SUMS = Object.keys(noSums()) as (keyof Sums)[]; // the keys of a literal
const Stored = z.object({
  asOfMs: z.number().nonnegative(),
  sums: z.object(Object.fromEntries(SUMS.map((key) => [key, z.number()]))),
  low: z.number().int().min(-10_000).max(10_000),
  weights: z.array(weight).max(BUCKETS),
});
const STORED = /^(\d{1,15}) (.*)$/;
const FIELD = /^(\S+) (.*)$/;
const Pair = z.object({ type: Name, swarmClass: SwarmClass });

/** Under which name a pair is kept: types have no spaces. */
export function fieldOf({ type, swarmClass }: PairName): string {
  return `${type} ${swarmClass}`;
}

export function encodeEvidence({ asOfMs, sums, durations }: EvidenceState): string {
  const weights = durations.weights.map(rounded);
  const shortened = Object.fromEntries(SUMS.map((key) => [key, rounded(sums[key])]));
  return JSON.stringify({ asOfMs: Math.round(asOfMs), sums: shortened, low: durations.low, weights });
}

/** Undefined for what another version, or nobody of us, has stored. */
export function decodePair(
  field: string,
  text: string,
): { name: PairName; state: EvidenceState } | undefined {
  const [, type, swarmClass] = FIELD.exec(field) ?? [];
  const [, seen, json = ''] = STORED.exec(text) ?? [];
  const name = Pair.safeParse({ type, swarmClass });
  const stored = Stored.safeParse(jsonOf(json));
  if (!name.success || !stored.success) return undefined;
  const { asOfMs, sums, low, weights } = stored.data;
  const state = { seen: Number(seen), asOfMs, sums: { ...noSums(), ...sums }, durations: { low, weights } };
  return { name: name.data, state };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** Pairs that one script takes: each is about a kilobyte. */
export const PAIRS_AT_ONCE = Math.min(256, LIMITS.LEARNED_PAIRS);
