import {
  MultiswarmError,
  type CheckShard,
  type ExportShard,
  type ImportShard,
  type RecoverShard,
  type RecoverShardReply,
  type ShardCheckReport,
  type ShardExportPart,
  type ShardImportReply,
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
    return this.gateway.askOwner((owners) => owners.check(shard, asked));
  }

  /** The next part of a copy of a shard. @throws MultiswarmError `shard-not-found`, `copy-not-found` */
  export({ shard, ...asked }: ExportShard): Promise<ShardExportPart> {
    this.known(shard);
    return this.gateway.askOwner((owners) => owners.export(shard, asked));
  }

  /** Takes in the next part of a copy. @throws MultiswarmError `shard-not-found`, `copy-not-found`, `copy-refused` */
  import({ shard, ...asked }: ImportShard): Promise<ShardImportReply> {
    this.known(shard);
    return this.gateway.askOwner((owners) => owners.import(shard, asked));
  }

  /** Begins a new incarnation: what runs is made again under numbers that nobody has used. */
  recover({ shard, ...asked }: RecoverShard): Promise<RecoverShardReply> {
    this.known(shard);
    return this.gateway.askOwner((owners) => owners.recover(shard, asked));
  }

  private known(shard: number): void {
    if (shard < this.shards) return;
    throw new MultiswarmError(
      'shard-not-found',
      `there are ${this.shards} shards, from 0 to ${this.shards - 1}`,
    );
  }
}
