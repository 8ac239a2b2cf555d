import type { Forced, MaintenanceWindow } from '@multiswarm/contracts';
import { isFor, occurrenceAt, phaseAt, type Phase } from './maintenance';
import type { Force } from './swarm-health';

type Named = Parameters<typeof isFor>[1];

export interface WindowChange {
  window: MaintenanceWindow;
  phase: Phase;
}

/**
 * What operators have set: forced states, by swarm, and maintenance windows. The same on every replica, because it comes from the store.
 *
 * C1. A force that has run out, and a window that is over, have no effect, whether or not anybody has removed them.
 * C2. Each phase of a window is told once.
 */
export class HealthControls {
  private forced = new Map<string, Forced>();
  private windows: readonly MaintenanceWindow[] = [];
  private readonly phases = new Map<string, Phase>();
  private active: readonly MaintenanceWindow[] = [];

  replace(forced: readonly Forced[], windows: readonly MaintenanceWindow[]): void {
    this.forced = new Map(forced.map((each) => [each.swarmId, each]));
    this.windows = windows;
    const ids = new Set(windows.map(({ id }) => id));
    this.active = this.active.filter(({ id }) => ids.has(id));
    for (const id of this.phases.keys()) if (!ids.has(id)) this.phases.delete(id);
  }

  /** C2. @returns the windows that have come into another phase, and the forces that have run out since the last call */
  tick(wallMs: number): { windows: WindowChange[]; ranOut: Forced[] } {
    const changed: WindowChange[] = [];
    for (const window of this.windows) {
      const phase = phaseAt(window, wallMs);
      if (phase === (this.phases.get(window.id) ?? 'later')) continue;
      this.phases.set(window.id, phase);
      changed.push({ window, phase });
    }
    if (changed.length > 0) this.active = this.windows.filter(({ id }) => this.phases.get(id) === 'active');
    const ranOut = [...this.forced.values()].filter((each) => hasRunOut(each, wallMs));
    for (const { swarmId } of ranOut) this.forced.delete(swarmId);
    return { windows: changed, ranOut };
  }

  all(): readonly MaintenanceWindow[] {
    return this.windows;
  }

  forcedOf(swarmId: string): Forced | undefined {
    return this.forced.get(swarmId);
  }

  /** C1. */
  forceOf(swarmId: string, wallMs: number): Force | undefined {
    const forced = this.forced.get(swarmId);
    if (forced === undefined || hasRunOut(forced, wallMs)) return undefined;
    return { to: forced.to, by: forced.requestedBy, why: forced.why };
  }

  /** Why a swarm is in maintenance; undefined where it is not. */
  maintenanceOf(swarm: Named, wallMs: number): string | undefined {
    const window = this.active.find((each) => isFor(each.for, swarm));
    if (window === undefined) return undefined;
    const occurrence = occurrenceAt(window, wallMs);
    const until = occurrence === undefined ? '' : ` until ${new Date(occurrence.untilMs).toISOString()}`;
    return `in maintenance${until}: ${window.why}`;
  }

  /** The window that a swarm is in or that comes next for it. */
  windowOf(
    swarm: Named,
    wallMs: number,
  ): { window: MaintenanceWindow; fromMs: number; untilMs: number } | undefined {
    const times = this.windows.flatMap((window) => {
      const occurrence = isFor(window.for, swarm) ? occurrenceAt(window, wallMs) : undefined;
      return occurrence === undefined ? [] : [{ window, ...occurrence }];
    });
    return times.sort((a, b) => a.fromMs - b.fromMs)[0];
  }
}

function hasRunOut({ until }: Forced, wallMs: number): boolean {
  return until !== undefined && wallMs >= Date.parse(until);
}
