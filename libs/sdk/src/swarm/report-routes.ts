import { subjects, type DispatchRequest } from '@multiswarm/contracts';
import { Recent } from '@multiswarm/core';
import { SDK_LIMITS } from '../limits';

interface Route {
  epoch: number;
  /** Undefined: the subject of the shard. */
  reportTo: string | undefined;
}

/**
 * Where the reports of each shard go: to the replica that its last dispatch named, and otherwise to the subject of the
 * shard, which always finds its owner. A dispatch of an older epoch than one seen teaches nothing.
 */
export class ReportRoutes {
  private readonly routes = new Recent<number, Route>(SDK_LIMITS.SHARDS);

  learn({ shard, epoch, reportTo }: Pick<DispatchRequest, 'shard' | 'epoch' | 'reportTo'>): void {
    const known = this.routes.get(shard);
    if (known !== undefined && known.epoch === epoch && known.reportTo === reportTo) return;
    if (epoch >= (known?.epoch ?? 0)) this.routes.set(shard, { epoch, reportTo });
  }

  subjectOf(shard: number): string {
    return this.routes.get(shard)?.reportTo ?? subjects.shardReport(shard);
  }

  /** What was learned does not hold: until the next dispatch the shard is reported to on its own subject. */
  forget(shard: number): void {
    const known = this.routes.get(shard);
    if (known) this.routes.set(shard, { epoch: known.epoch, reportTo: undefined });
  }
}
