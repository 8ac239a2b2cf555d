import { PLACEMENT_RULES, type PlacementRule, type Rejection } from '@multiswarm/contracts';
import type { Moment } from './moment';
import type { Ask } from './requirement-rules';
import type { SwarmSeen, SwarmState } from './swarm-seen';

/** Swarms that a rejection names. */
export const EXAMPLES = 5;

export interface Feasible {
  /** Swarms that could ever run it and whose heartbeats are on time. */
  ready: SwarmSeen[];
  /** The same, but they miss heartbeats: asked only where no other has room. */
  suspect: SwarmSeen[];
  /** Everyone else, by the first rule that dropped them, in the order of PLACEMENT_RULES. */
  rejected: Rejection[];
}

/** Asks every swarm the static rules: state, type, capability, region, label, attribute, total resources. */
export function feasibleSwarms(swarms: Iterable<SwarmSeen>, asks: readonly Ask[], now: Moment): Feasible {
  const ready: SwarmSeen[] = [];
  const suspect: SwarmSeen[] = [];
  const rejections = new Rejections();
  for (const swarm of swarms) {
    const state = swarm.stateAt(now);
    if (takesNoWork(state)) {
      rejections.add(state, STATE_DETAILS[state], swarm);
      continue;
    }
    const failed = asks.find((ask) => !ask.passes(swarm.profile));
    if (failed === undefined) (state === 'suspect' ? suspect : ready).push(swarm);
    else rejections.add(failed.rule, failed.detail, swarm);
  }
  return { ready, suspect, rejected: rejections.list() };
}

/** States in which a swarm gets no new work, each a rule of its own, with what is asked for instead. */
export const STATE_DETAILS = {
  down: 'a live heartbeat',
  draining: 'a swarm that is not draining',
  cordoned: 'a swarm that is not cordoned',
} as const satisfies Partial<Record<PlacementRule & SwarmState, string>>;
export type IdleState = keyof typeof STATE_DETAILS;

export function takesNoWork(state: string): state is IdleState {
  return Object.hasOwn(STATE_DETAILS, state);
}

/** Collects who fell out by which rule. */
export class Rejections {
  private readonly byRule = new Map<
    PlacementRule,
    { count: number; details: Set<string>; examples: string[] }
  >();

  add(rule: PlacementRule, detail: string, swarm: SwarmSeen): void {
    let entry = this.byRule.get(rule);
    if (entry === undefined) {
      entry = { count: 0, details: new Set(), examples: [] };
      this.byRule.set(rule, entry);
    }
    entry.count += 1;
    if (entry.details.size < EXAMPLES) entry.details.add(detail);
    if (entry.examples.length < EXAMPLES) entry.examples.push(swarm.swarmId);
  }

  list(): Rejection[] {
    if (this.byRule.size === 0) return [];
    return PLACEMENT_RULES.flatMap((rule) => {
      const entry = this.byRule.get(rule);
      if (entry === undefined) return [];
      const { count, details, examples } = entry;
      return [{ rule, count, detail: [...details].join(', '), examples }];
    });
  }
}
