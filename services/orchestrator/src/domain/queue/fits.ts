import { mayWait, toVector, vectorFits, type PlaceResult, type Requirements } from '@multiswarm/contracts';
import type { RequirementClass } from './requirement-class';

/** Swarms of which one class knows whether they fit. */
const SWARMS_PER_CLASS = 32;
/** Swarms whose changes are remembered, and pairs of a class and a swarm over all. */
const SWARMS = 10_000;
const PAIRS = 200_000;
/** Refused classes of one pass that learn from where the others went. */
const REFUSED_PER_PASS = 16;

interface Known {
  fits: boolean;
  version: number;
}

/**
 * Which classes fit which swarms, as far as answers of the load-balancer show: what was placed on a swarm fits it, and what
 * was refused just before another class was placed there does not. What is known of a swarm that has joined anew or has
 * changed does not count any more.
 */
export class Fits {
  private readonly versions = new Map<string, number>();
  /** By the key of the class, which may have no tasks for a while. */
  private readonly byClass = new Map<string, Map<string, Known>>();
  private pairs = 0;

  /** Undefined: not known. */
  known(owner: RequirementClass, swarmId: string): boolean | undefined {
    if (owner.waitsFor(swarmId)) return true;
    const known = this.byClass.get(owner.info.key)?.get(swarmId);
    return known?.version === this.version(swarmId) ? known.fits : undefined;
  }

  changed(swarmId: string): void {
    const version = this.version(swarmId) + 1;
    this.versions.delete(swarmId);
    this.versions.set(swarmId, version);
    if (this.versions.size > SWARMS) this.forget();
  }

  /** The answers to one pass, in its order. */
  learn(answers: readonly { owner: RequirementClass; result: PlaceResult | undefined }[]): void {
    const refused = new Set<RequirementClass>();
    for (const { owner, result } of answers) {
      if (result?.placement) {
        const { swarmId } = result.placement;
        this.set(owner, swarmId, true);
        for (const each of refused) this.set(each, swarmId, false);
      } else if (result?.waiting && refused.size < REFUSED_PER_PASS && !isWaitingByChoice(owner))
        refused.add(owner);
    }
  }

  private set(owner: RequirementClass, swarmId: string, fits: boolean): void {
    let known = this.byClass.get(owner.info.key);
    if (!known) {
      known = new Map<string, Known>();
      this.byClass.set(owner.info.key, known);
    }
    const version = this.version(swarmId);
    const before = known.get(swarmId);
    if (before?.fits === fits && before.version === version) return;
    known.delete(swarmId);
    known.set(swarmId, { fits, version });
    if (known.size > SWARMS_PER_CLASS) known.delete(known.keys().next().value as string);
    else if (!before) this.pairs += 1;
    if (this.pairs > PAIRS) this.forget();
  }

  private version(swarmId: string): number {
    return this.versions.get(swarmId) ?? 0;
  }

  private forget(): void {
    this.versions.clear();
    this.byClass.clear();
    this.pairs = 0;
  }
}

/** It may fit where it was not placed. */
function isWaitingByChoice({ info: { routing } }: RequirementClass): boolean {
  return routing !== undefined && mayWait(routing);
}

/** Whether the one never needs more room than the other. */
export function fitsInto(inner: Requirements, outer: Requirements): boolean {
  const asked = inner.resources;
  return asked === undefined || vectorFits(toVector(asked), toVector(outer.resources));
}
