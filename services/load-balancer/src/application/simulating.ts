import { CUSTOM_POLICY, type SimulatedChoice, type Simulation } from '@multiswarm/contracts';
import { roundScore } from '../domain/engine/decision';
import type { Placer, TriedOut } from '../domain/engine/placer';
import type { WantedPlace } from '../domain/member';
import type { Moment } from '../domain/moment';
import { POLICIES, policyByName, type Policy } from '../domain/policies';
import { isCustom, type CustomPlacing } from './custom-placing';

export interface Asked {
  item: WantedPlace;
  /** Those to try. */
  policies: readonly string[];
  /** The one that would decide. */
  used: string;
}

/** Names of all policies that can be tried: those of this build, and users' own. */
export function allPolicies(custom: readonly { name: string }[]): string[] {
  return [...POLICIES.map(({ name }) => name), ...custom.map(({ name }) => `${CUSTOM_POLICY}${name}`)];
}

/** What each policy would decide now. Users' own are asked first; the fleet that is shown is that after their answers. */
export async function simulate(
  { item, policies, used }: Asked,
  { placer, custom, now }: { placer: Placer; custom: CustomPlacing; now: () => Moment },
): Promise<Simulation> {
  const own = await Promise.all(policies.filter(isCustom).map((name) => choiceOf(custom, item, name, now())));
  const byName = new Map(own);
  const tried = placer.tryOut(
    item,
    now(),
    policies.map((name) => byName.get(name) ?? policyByName(name)),
  );
  const { chosen, ...found } = tried;
  const choices = chosen.map((one, index) => rendered(one, policies[index] ?? '', used, tried));
  return { ...found, viewAgeMs: Math.max(0, Math.round(found.viewAgeMs)), choices };
}

async function choiceOf(
  custom: CustomPlacing,
  item: WantedPlace,
  name: string,
  now: Moment,
): Promise<[string, Policy]> {
  const choices = await custom.choicesFor([item], () => name, now);
  // One choice for each item.
  return [name, choices.get(item) as Policy];
}

function rendered(
  { policy, ranked, scores, free }: TriedOut['chosen'][number],
  name: string,
  used: string,
  { candidates: known, feasible, withFreeSlot: withRoom }: TriedOut,
): SimulatedChoice {
  const [{ swarmId, region, costPerSlotHour }] = ranked;
  const { reasons } = policy;
  return {
    ...{ policy: name, decidedBy: policy.name, isUsed: name === used, swarmId, region, costPerSlotHour },
    because: policy.because(ranked, { known, feasible, withRoom, free }, scores),
    ranked: [...ranked],
    scores: scores.map(roundScore),
    ...(reasons === undefined ? {} : { reasons: [...reasons] }),
  };
}
