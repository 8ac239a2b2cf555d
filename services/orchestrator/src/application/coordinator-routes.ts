import type { AttemptRef, DispatchOutcome, Placement } from '@multiswarm/contracts';
import { attemptKey } from '../domain/fleet/on-the-way';

/** Attempts of which a coordinator remembers where they went. */
const REMEMBERED_ATTEMPTS = 250_000;
const NOBODY: readonly string[] = [];

/** Where one attempt went. */
export interface Route {
  at: number;
  swarmId: string;
  /** Whether the swarm may have received it, and has not refused it. */
  sent: boolean;
  /** Of a swarm that is asked in place of the one that the owner has named. */
  placement: Placement | undefined;
  refusedBy: readonly string[];
  /** The last word, which is repeated: no swarm will be asked again. */
  final: DispatchOutcome | undefined;
}

/**
 * Where attempts went, for as long as they may be sent again. Pure: times are monotonic milliseconds.
 *
 * D5. Memory is bounded: when something had to be forgotten too early, nothing is picked for other swarms until it would
 *     have been forgotten anyway.
 */
export class Routes {
  /** The one that was asked for last comes last. */
  private readonly routes = new Map<string, Route>();
  private forgotUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly rememberedMs: number,
    private readonly most = REMEMBERED_ATTEMPTS,
  ) {}

  find(ref: AttemptRef): Route | undefined {
    return this.routes.get(attemptKey(ref));
  }

  /** The route of an attempt; one that was never sent begins at the swarm that its owner has named. */
  of(attempt: AttemptRef & { swarmId: string }, at: number): Route {
    const key = attemptKey(attempt);
    const route = this.routes.get(key) ?? begin(attempt.swarmId);
    route.at = at;
    this.routes.delete(key);
    this.routes.set(key, route);
    if (this.routes.size > this.most) this.forgetOldest();
    return route;
  }

  prune(now: number): void {
    for (const [key, { at }] of this.routes) {
      if (now - at <= this.rememberedMs) return;
      this.routes.delete(key);
    }
  }

  /** Whether an attempt that is not known may be one that was forgotten too early. */
  hasForgotten(now: number): boolean {
    return now < this.forgotUntil;
  }

  /** D5. */
  private forgetOldest(): void {
    for (const [key, { at }] of this.routes) {
      this.routes.delete(key);
      this.forgotUntil = at + this.rememberedMs;
      return;
    }
  }
}

function begin(swarmId: string): Route {
  return {
    at: 0,
    swarmId,
    sent: false,
    placement: undefined,
    refusedBy: NOBODY,
    final: undefined,
  };
}
