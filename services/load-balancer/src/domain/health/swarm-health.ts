import type { ForcedState, HealthState, SwarmProfile } from '@multiswarm/contracts';
import { Breaker } from './breaker';
import { Ejection } from './ejection';
import type { HealthSettings } from './health-settings';
import { PeakLatency } from './latency';
import { OutcomeWindow } from './outcome-window';
import { Slowness } from './slowness';

/** What is known of a swarm beside its health. */
export interface SwarmFacts {
  readonly slots: number;
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Equal for swarms that can do the same. */
  readonly group: string;
}

/** Swarms of the same types and capabilities can do the same, whatever else distinguishes them. */
export function healthFacts({ slots, region, labels, types, capabilities }: SwarmProfile): SwarmFacts {
  return { slots, region, labels, group: JSON.stringify([[...types].sort(), [...capabilities].sort()]) };
}

/** What an operator has forced, by whom and why. */
export interface Force {
  readonly to: ForcedState;
  readonly by: string;
  readonly why: string;
}

/** How a swarm is counted for the panic rule; one in maintenance is no part of it. */
export type Standing = 'routable' | 'unroutable' | 'away';

/** All that is known of the health of one swarm. */
export class SwarmHealth {
  /** Of what it ran, what has failed. */
  readonly window = new OutcomeWindow();
  /** Of what it was given, what it has refused. */
  readonly refusals = new OutcomeWindow();
  readonly breaker: Breaker;
  readonly ejection = new Ejection();
  readonly latency = new PeakLatency();
  readonly slowness = new Slowness();
  state: HealthState = 'ready';
  stateSinceWallMs = 0;
  /** Too few are well, so it is given work in spite of its state. */
  isPanicked = false;
  allowance: number;
  tier: 0 | 1 = 0;
  force: Force | undefined;
  /** Why and until when it is in maintenance. */
  maintenance: string | undefined;
  /** When its slow start began. */
  rampFromMs: number | undefined;
  standing: Standing = 'routable';
  /** There for longer than a slow start. */
  isMature = false;

  constructor(
    readonly swarmId: string,
    /** Given to no other swarm. */
    readonly number: number,
    public facts: SwarmFacts,
    readonly sinceMs: number,
    settings: HealthSettings,
  ) {
    this.allowance = facts.slots;
    this.breaker = new Breaker(seedOf(swarmId), settings, this.window, this.refusals);
  }

  /** Whether it is compared with others: those that get nothing, or little, have other numbers. */
  get isCompared(): boolean {
    return this.standing === 'routable' && this.force === undefined;
  }

  /** Forgets what was learned. */
  reset(): void {
    this.breaker.reset();
    this.ejection.reset();
    this.latency.reset();
    this.slowness.reset();
    this.rampFromMs = undefined;
  }
}

/** FNV-1a: equal on every replica, different for most swarms. */
function seedOf(swarmId: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < swarmId.length; at += 1) hash = Math.imul(hash ^ swarmId.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
