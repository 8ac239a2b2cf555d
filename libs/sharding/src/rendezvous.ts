/**
 * Which replica should own which shard: highest random weight hashing (Thaler & Ravishankar, "Using Name-Based Mappings
 * to Increase Hit Rates", 1998), so that every replica comes to the same answer from the names alone, and one that comes
 * or goes moves little more than its own share. Weights alone leave 16 shards on 3 replicas at 8, 5 and 3 often enough,
 * so no replica gets more than its even share: pairs of shard and replica are matched from the highest weight down.
 *
 * Pure. The same set of replicas gives the same result, whatever its order.
 */
export function rendezvousTargets(shards: number, replicas: readonly string[]): (string | undefined)[] {
  const targets = new Array<string | undefined>(shards).fill(undefined);
  if (replicas.length === 0) return targets;
  const room = evenShares(shards, replicas);
  for (const { shard, replica } of pairsByWeight(shards, replicas)) {
    if (targets[shard] === undefined && room.take(replica)) targets[shard] = replica;
  }
  return targets;
}

/** All replicas for one shard, the highest weight first: who is next in line when the target does not come. */
export function rendezvousOrder(shard: number, replicas: readonly string[]): string[] {
  return replicas
    .map((replica) => ({ replica, weight: weightOf(replica, shard) }))
    .sort(heaviestFirst)
    .map(({ replica }) => replica);
}

interface Pair {
  shard: number;
  replica: string;
  weight: number;
}

function pairsByWeight(shards: number, replicas: readonly string[]): Pair[] {
  return Array.from({ length: shards }, (_, shard) =>
    replicas.map((replica) => ({ shard, replica, weight: weightOf(replica, shard) })),
  )
    .flat()
    .sort((a, b) => heaviestFirst(a, b) || a.shard - b.shard);
}

/** Everybody has room for the whole part of its share, and as many as it takes to place all for one more. */
function evenShares(shards: number, replicas: readonly string[]): { take(replica: string): boolean } {
  const share = Math.floor(shards / replicas.length);
  let extra = shards % replicas.length;
  const taken = new Map<string, number>();
  return {
    take: (replica) => {
      const has = taken.get(replica) ?? 0;
      if (has > share || (has === share && extra === 0)) return false;
      if (has === share) extra -= 1;
      taken.set(replica, has + 1);
      return true;
    },
  };
}

function heaviestFirst(
  a: { weight: number; replica: string },
  b: { weight: number; replica: string },
): number {
  if (a.weight !== b.weight) return b.weight - a.weight;
  return a.replica < b.replica ? -1 : a.replica > b.replica ? 1 : 0;
}

/** 32 bits: FNV-1a of the name, then the finalizer of MurmurHash3 (Appleby, public domain) over it and the shard. */
function weightOf(replica: string, shard: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < replica.length; index += 1)
    hash = Math.imul(hash ^ replica.charCodeAt(index), 0x01000193);
  return mixed(hash ^ mixed(shard + 1));
}

function mixed(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
