import type { HealthState } from '@multiswarm/contracts';
import type { HealthSettings } from './health-settings';
import { slowStartAllowance } from './slow-start';
import type { Standing, SwarmHealth } from './swarm-health';

/** What health says of a swarm to whoever places work. */
export interface Verdict {
  readonly state: HealthState;
  /** Most attempts that it may run at once. */
  readonly allowance: number;
  /** 0 is asked first; 1 only where no 0 has room. */
  readonly tier: 0 | 1;
  /** Empty where there is nothing to say. */
  readonly reason: string;
}

/**
 * In which state a swarm is, from what is strongest to what is weakest: maintenance, what an operator has forced, an open breaker, an
 * ejection, a half-open breaker, a slow start.
 */
export function stateOf({ maintenance, force, breaker, ejection, rampFromMs }: SwarmHealth): HealthState {
  if (maintenance !== undefined) return 'maintenance';
  if (force?.to === 'open') return 'open';
  if (force?.to === 'ejected') return 'ejected';
  if (force?.to === 'ready') return 'ready';
  const mindsBreaker = force?.to !== 'closed';
  if (mindsBreaker && breaker.state === 'open') return 'open';
  if (ejection.isEjected && force?.to !== 'not-ejected') return 'ejected';
  if (mindsBreaker && breaker.state === 'half-open') return 'half-open';
  return rampFromMs === undefined ? 'ready' : 'slow-start';
}

/** Whether a panic may override that nothing is given to it: what an operator has decided stands. */
export function isPanicked(swarm: SwarmHealth, isPanic: boolean): boolean {
  return isPanic && swarm.standing === 'unroutable' && swarm.force === undefined;
}

export function standingOf(state: HealthState): Standing {
  if (state === 'maintenance') return 'away';
  return state === 'open' || state === 'ejected' || state === 'half-open' ? 'unroutable' : 'routable';
}

export function allowanceOf(swarm: SwarmHealth, nowMs: number, { slowStartMs }: HealthSettings): number {
  const { slots } = swarm.facts;
  switch (swarm.state) {
    case 'ready':
      return slots;
    case 'slow-start':
      return slowStartAllowance(slots, nowMs - (swarm.rampFromMs ?? nowMs), slowStartMs);
    case 'half-open':
      return 1;
    case 'open':
    case 'ejected':
    case 'maintenance':
      return 0;
  }
}

/** Why it is in its state, in half a sentence; empty where it is ready and nobody has forced it. */
export function reasonOf({ state, force, maintenance, breaker, ejection }: SwarmHealth): string {
  if (state === 'maintenance') return maintenance ?? '';
  if (force !== undefined) return `forced ${force.to} by ${force.by}: ${force.why}`;
  switch (state) {
    case 'open':
      return breaker.reason;
    case 'half-open':
      return `${breaker.reason}; one attempt at a time shows whether it is well again`;
    case 'ejected':
      return ejection.reason ?? '';
    case 'slow-start':
      return 'new or recovered: it is given more and more';
    case 'ready':
      return '';
  }
}
