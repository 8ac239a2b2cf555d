import { ExplainReply, keys, subjects } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { Ears } from './ears';
import type { Replica, World } from './world';

export interface Ownership {
  owner: string;
  epoch: number;
}

/** Replicas of one world that share its shards, and which of them does what. */
export class ReplicaSet {
  private readonly ears: Ears;
  private readonly names = new Map<Replica, string>();

  constructor(
    private readonly world: World,
    private readonly shards: number,
  ) {
    this.ears = new Ears(world.bus);
  }

  /** Starts a replica whose ways to the servers can be cut, and learns its name. */
  async join(env: Record<string, string> = {}): Promise<Replica> {
    const known = new Set(this.ears.replicas.keys());
    const replica = await this.world.cuttableReplica({ SHARDS: String(this.shards), ...env });
    this.names.set(replica, await eventually(() => this.ears.newNames(known)[0]));
    return replica;
  }

  nameOf(replica: Replica): string {
    return this.names.get(replica) ?? '';
  }

  /** The one that schedules. */
  get scheduling(): Replica {
    const name = this.ears.scheduler?.replica;
    const found = [...this.names].find(([, each]) => each === name)?.[0];
    if (!found) throw new Error(`no replica is called ${name}`);
    return found;
  }

  /** Resolves once the scheduler knows of so many tasks that wait. */
  async schedulerKnows(count: number): Promise<void> {
    let last = -1;
    await eventually(
      async () => {
        const body = { v: 1, taskIds: [] };
        const answer = { reply: ExplainReply, timeoutMs: 500 };
        last = (await this.world.bus.request(subjects.schedulerExplain(), body, answer)).queued;
        return last === count;
      },
      { timeoutMs: 30_000, describe: () => `a scheduler that knows ${count} tasks, it knows ${last}` },
    );
  }

  ownership(): Promise<Ownership[]> {
    return Promise.all(
      Array.from({ length: this.shards }, async (_, shard) => {
        const [owner, epoch] = await this.world.store.redis.hmget(keys.shard(shard), 'owner', 'epoch');
        return { owner: owner ?? '', epoch: Number(epoch) };
      }),
    );
  }

  async shardsOf(replica: Replica): Promise<number> {
    return countsOf(await this.ownership())[this.nameOf(replica)] ?? 0;
  }

  /** All shards are owned by these, each by its even share. */
  shared(replicas: readonly Replica[]): Promise<Ownership[]> {
    const expected = replicas.map((replica) => this.nameOf(replica)).sort();
    let last: Ownership[] = [];
    return eventually(
      async () => {
        last = await this.ownership();
        const counts = countsOf(last);
        const even = Object.values(counts).every((count) => count === this.shards / replicas.length);
        return even && JSON.stringify(Object.keys(counts).sort()) === JSON.stringify(expected)
          ? last
          : undefined;
      },
      { timeoutMs: 30_000, describe: () => `even shares, they are ${JSON.stringify(countsOf(last))}` },
    );
  }

  /** @returns what was heard that must never be */
  stop(): readonly string[] {
    this.ears.stop();
    return this.ears.faults;
  }
}

function countsOf(shards: readonly Ownership[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { owner } of shards) counts[owner] = (counts[owner] ?? 0) + 1;
  return counts;
}
