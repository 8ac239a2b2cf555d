import { MultiswarmError, type CheckShard, type ShardCheckReport } from '@multiswarm/contracts';
import { within, type Ids } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { ShardOwner } from '../shard-owner';
import { ShardCheck, type CheckSources } from './shard-check';

/** Ended runs that can still be asked for. */
const KEPT = 64;

export interface ChecksParts extends CheckSources {
  ids: Ids;
  logger: Logger;
  /** Gives a shard up in order and takes it anew. */
  reload: (shard: number) => void;
}

/** Deep checks of the shards that this process owns: one at a time of each. */
export class Checks {
  private readonly runs = new Map<string, { check: ShardCheck; owner: ShardOwner }>();

  constructor(private readonly parts: ChecksParts) {}

  /**
   * Begins a check or goes on waiting for one; with what is known of it by then.
   * @throws MultiswarmError `check-not-found` where there is no such run here (any more): begin a new one
   */
  async check(owner: ShardOwner, asked: Omit<CheckShard, 'shard'>): Promise<ShardCheckReport> {
    const { run } = asked;
    const known = run === undefined ? undefined : this.runs.get(run)?.check;
    if (run !== undefined && !known)
      throw new MultiswarmError(
        'check-not-found',
        `shard ${owner.shard} has no run "${run}" of a check: begin a new one`,
      );
    const check = known ?? this.underWay(owner, asked.repair) ?? this.begin(owner, asked);
    await within(this.parts.clock, asked.waitMs, check.ended.promise, () => undefined);
    return check.report();
  }

  private underWay(owner: ShardOwner, repair: boolean): ShardCheck | undefined {
    for (const { check, owner: of } of this.runs.values())
      if (of === owner && check.repair === repair && check.report().state === 'running') return check;
    return undefined;
  }

  private begin(owner: ShardOwner, { repair, requestedBy, reason }: Omit<CheckShard, 'shard'>): ShardCheck {
    const { ids, logger } = this.parts;
    const { shard } = owner;
    const check = new ShardCheck(ids.next(), owner.insides(), this.parts, repair);
    this.runs.set(check.run, { check, owner });
    this.forgetOldest();
    void check.start().then(() => this.ended(check, { shard, requestedBy, reason }));
    logger.info('a deep check begins', { shard, repair, run: check.run, requestedBy, reason });
    return check;
  }

  private ended(
    check: ShardCheck,
    asked: { shard: number; requestedBy?: string | undefined; reason?: string | undefined },
  ): void {
    const { logger, reload, clock } = this.parts;
    const { state, why, found, repaired, findings, repair } = check.report();
    logger.info('a deep check has ended', { ...asked, run: check.run, repair, state, why, found, repaired });
    for (const finding of findings)
      if (finding.repaired) logger.warn('a discrepancy was repaired', { shard: asked.shard, ...finding });
    // Whoever waits for the report gets it from this owner.
    if (check.wantsReload) clock.soon(() => reload(asked.shard));
  }

  private forgetOldest(): void {
    for (const [run, { check }] of this.runs) {
      if (this.runs.size <= KEPT) return;
      if (check.report().state !== 'running') this.runs.delete(run);
    }
  }
}
