import type { PlacementRule } from '@multiswarm/contracts';

/** States in which a swarm gets no new work, each a rule of its own, with what is asked for instead. */
const IDLE_DETAILS = {
  down: 'a live heartbeat',
  draining: 'a swarm that is not draining',
  cordoned: 'a swarm that is not cordoned',
} as const satisfies Partial<Record<PlacementRule, string>>;

export type IdleState = keyof typeof IDLE_DETAILS;

/** In the order in which they are told. The number of a state in `Columns.idle` is 1 more than its index here. */
export const IDLE_RULES = Object.keys(IDLE_DETAILS) as readonly IdleState[];

export function takesNoWork(state: string): state is IdleState {
  return Object.hasOwn(IDLE_DETAILS, state);
}

export function idleDetail(state: IdleState): string {
  return IDLE_DETAILS[state];
}

/** 0 for a state in which it takes work. */
export function idleNumber(state: string): number {
  return takesNoWork(state) ? IDLE_RULES.indexOf(state) + 1 : 0;
}
