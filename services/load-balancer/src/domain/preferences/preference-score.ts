import type { Preference } from '@multiswarm/contracts';
import type { MemberProfile } from '../member';
import { conditionAsks } from '../requirement-rules';

/** Steps of a score: those who meet about as much are alike, and the policy chooses among them. */
export const SCORE_STEPS = 16;

/**
 * How well a profile meets what is preferred: the weights of the preferences that it meets wholly, as a share of all weights, in
 * whole steps from 0 (none) to SCORE_STEPS (all). Worked out once for each member of a pool; a profile that meets some is
 * never taken for one that meets none, nor for one that meets all.
 */
export function preferenceScore(preferences: readonly Preference[]): (profile: MemberProfile) => number {
  const wanted = preferences.map(({ weight, ...conditions }) => ({
    weight,
    asks: conditionAsks(conditions),
  }));
  const all = wanted.reduce((sum, { weight }) => sum + weight, 0);
  return (profile) => {
    let met = 0;
    for (const { weight, asks } of wanted) if (asks.every((ask) => ask.passes(profile))) met += weight;
    if (met === 0 || met === all) return met === 0 ? 0 : SCORE_STEPS;
    return Math.min(SCORE_STEPS - 1, Math.max(1, Math.round((met / all) * SCORE_STEPS)));
  };
}
