import { preferenceScore } from '../preferences/preference-score';
import { ANY_TYPE, asksOf, type Asked } from '../requirement-rules';
import { NO_RESOURCES, toVector } from '../resource-vector';
import { Pool, type Directory, type WorkClass } from './pool';
import type { TypeSets } from './type-sets';

/** Classes of work whose pools are kept. */
const POOLS = 1_000;
/** Rows of all pools together: about 24 bytes each. The pool that was asked for longest ago goes first. */
const POOL_ROWS = 8_000_000;
/** Groups that a pool may gather before it is made anew, without those that have become empty for good. */
const POOL_GROUPS = 4_096;

/** The pools of the classes of work that were asked for lately. */
export class Pools {
  private readonly pools = new Map<string, Pool>();

  constructor(private readonly directory: Directory & { readonly types: TypeSets }) {}

  get size(): number {
    return this.pools.size;
  }

  /** As `of`, but made for this one question: whatever it is asked for, no pool that is kept has more to keep up. */
  apart(asked: Asked): Pool {
    return new Pool(this.directory, workOf({ ...asked, type: this.typeOf(asked) }));
  }

  /** The pool of what is asked for, as the fleet is now. */
  of(asked: Asked): Pool {
    const type = this.typeOf(asked);
    const { prefer } = asked.routing ?? {};
    const preferred = prefer === undefined ? '' : JSON.stringify(prefer);
    const key = `${asked.kind ?? ''} ${type} ${textOf(asked.requirements)}${preferred}`;
    const known = this.pools.get(key);
    if (known !== undefined && known.groups.length <= POOL_GROUPS) {
      known.catchUp();
      return known;
    }
    const pool = new Pool(this.directory, workOf({ ...asked, type }));
    this.pools.delete(key);
    this.makeRoom();
    this.pools.set(key, pool);
    return pool;
  }

  private typeOf({ type }: Asked): string {
    return this.directory.types.allHandle(type) ? ANY_TYPE : type;
  }

  private makeRoom(): void {
    const most = Math.min(POOLS, Math.max(1, Math.floor(POOL_ROWS / (this.directory.columns.size + 1))));
    // Any but those just made: which of a thousand classes is asked for next, nobody knows.
    for (const key of this.pools.keys()) {
      if (this.pools.size < most) return;
      this.pools.delete(key);
    }
  }
}

/** The same for the same requirements, in the same order. Most have none, or capabilities only. */
function textOf(requirements: Asked['requirements']): string {
  for (const key in requirements) if (key !== 'capabilities') return JSON.stringify(requirements);
  const { capabilities } = requirements;
  // Names of capabilities have no spaces.
  return capabilities === undefined ? '' : capabilities.join(' ');
}

function workOf(asked: Asked): WorkClass {
  const { resources } = asked.requirements;
  const { prefer } = asked.routing ?? {};
  const vector = resources === undefined ? NO_RESOURCES : toVector(resources);
  return {
    asks: asksOf(asked),
    resources: vector === NO_RESOURCES ? undefined : vector,
    score: prefer === undefined ? () => 0 : preferenceScore(prefer),
  };
}
