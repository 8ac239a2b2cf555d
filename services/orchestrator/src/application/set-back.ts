import type { Clock } from '@multiswarm/core';
import type { PayloadIndex } from '../payload-ports';

export interface SetBackParts {
  index: Pick<PayloadIndex, 'standing'>;
  /** The number of the last commit of a shard that the event stream has; undefined where it has none. */
  lastPublished: (shard: number) => Promise<number | undefined>;
  shards: number;
  clock: Clock;
  graceMs: number;
}

/**
 * Why what no task refers to may still be wanted; undefined where that is not so. What a restore has not brought back yet nobody seems to
 * refer to, so until this is undefined there is no verdict on anything:
 *
 * V1. A shard that was found set back, or emptied, has the grace time to be whole again, and so has one whose owner could not find that
 *     out; one that nobody has taken has not been looked at.
 * V2. A shard of which commits were published that Redis does not have was set back, whether its owner has noticed it or not.
 * V3. Where the event stream does not say what it has, nobody knows.
 */
export async function whySetBack(parts: SetBackParts): Promise<string | undefined> {
  for (let shard = 0; shard < parts.shards; shard++) {
    const why = await whyOne(parts, shard);
    if (why !== undefined) return why;
  }
  return undefined;
}

async function whyOne(parts: SetBackParts, shard: number): Promise<string | undefined> {
  const published = await lastPublished(parts, shard);
  if (published === 'not-known') return `the event stream does not say what it has of shard ${shard}`; // V3
  // Read behind it: what was published was committed before.
  const { setBackAt, batchSeq } = await parts.index.standing(shard);
  if (setBackAt === Infinity) return `no orchestrator has taken shard ${shard} yet`; // V1
  if (setBackAt !== undefined && parts.clock.now() - setBackAt < parts.graceMs)
    return `shard ${shard} was found set back, or could not be looked at, less than the grace time ago`; // V1
  if (published !== undefined && published > batchSeq)
    return `of shard ${shard} commit ${published} was published, and Redis has none beyond ${batchSeq}`; // V2
  return undefined;
}

async function lastPublished(parts: SetBackParts, shard: number): Promise<number | 'not-known' | undefined> {
  try {
    return await parts.lastPublished(shard);
  } catch {
    return 'not-known';
  }
}
