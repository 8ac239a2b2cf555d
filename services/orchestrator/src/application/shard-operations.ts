import {
  MultiswarmError,
  type CheckShard,
  type ShardCheckReport,
  type ShardPage,
} from '@multiswarm/contracts';
import type { ShardInspector } from './check/inspector';
import type { Gateway } from './gateway';

/** What platform engineers do with whole shards, on any replica. */
export class ShardOperations {
  constructor(
    private readonly shards: number,
    private readonly inspector: ShardInspector,
    private readonly gateway: Gateway,
  ) {}

  async list(): Promise<ShardPage> {
    const all = Array.from({ length: this.shards }, (_, shard) => shard);
    const items = await Promise.all(
      all.map(async (shard) => {
        const { owner, epoch, batchSeq, tasks, workflows, waiting, active, outbox } =
          await this.inspector.sums(shard);
        return { shard, owner, epoch, batchSeq, tasks, workflows, waiting, active, outbox: outbox.length };
      }),
    );
    return { items, next: null };
  }

  /** Holds everything of a shard against its records. @throws MultiswarmError `shard-not-found`, `check-not-found` */
  check({ shard, ...asked }: CheckShard): Promise<ShardCheckReport> {
    this.known(shard);
    return this.gateway.checkShard(shard, asked);
  }

  private known(shard: number): void {
    if (shard < this.shards) return;
    throw new MultiswarmError(
      'shard-not-found',
      `there are ${this.shards} shards, from 0 to ${this.shards - 1}`,
    );
  }
}
