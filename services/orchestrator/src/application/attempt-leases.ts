import type { AttemptRef } from '@multiswarm/contracts';

/**
 * Proof of life of attempts, as the global level sees it: the last resort behind the coordinators, for regions that are
 * cut off or have no coordinator. Pure: times are monotonic milliseconds.
 *
 * L1. An attempt is declared lost only after `timeoutMs` without a sign since it was taken over, so a new owner first
 *     waits a full period.
 */
export class AttemptLeases {
  private readonly held = new Map<string, { attempt: number; until: number }>();

  constructor(
    private readonly timeoutMs: number,
    private readonly monotonic: () => number,
  ) {}

  hold(ref: AttemptRef): void {
    this.held.set(ref.taskId, { attempt: ref.attempt, until: this.monotonic() + this.timeoutMs });
  }

  /** A swarm was seen holding these. */
  seen(refs: readonly AttemptRef[]): void {
    const until = this.monotonic() + this.timeoutMs;
    for (const ref of refs) {
      const lease = this.held.get(ref.taskId);
      if (lease?.attempt === ref.attempt) lease.until = until;
    }
  }

  /** Nobody could tell us anything: everybody gets a full period again. */
  refresh(): void {
    const until = this.monotonic() + this.timeoutMs;
    for (const lease of this.held.values()) lease.until = until;
  }

  drop(taskId: string): void {
    this.held.delete(taskId);
  }

  /** Removes and returns the attempts whose time has run out. */
  expired(): AttemptRef[] {
    const now = this.monotonic();
    const lost: AttemptRef[] = [];
    for (const [taskId, { attempt, until }] of this.held) if (until <= now) lost.push({ taskId, attempt });
    for (const { taskId } of lost) this.held.delete(taskId);
    return lost;
  }
}
