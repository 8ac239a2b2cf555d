import { MultiswarmError, shardOf, type AttemptRef, type AttemptReport } from '@multiswarm/contracts';
import { Batcher, delay, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { attemptKey } from '../domain/fleet/on-the-way';
import type { Owners } from '../ports';

export interface LossOptions {
  region: string;
  epoch: number;
  shards: number;
}

export interface LossParts {
  owners: Owners;
  clock: Clock;
  logger: Logger;
  /** Whether the lease of the region still holds. */
  leaseHolds: () => boolean;
}

interface Loss {
  swarmId: string;
  report: AttemptReport;
}

/** Losses in one message: each carries its reason. */
const BATCH = 500;
const RETRY_MS = { first: 100, most: 2_000 };

/**
 * Attempts that were lost with their swarms, on their way to the owners of their shards: one message per shard is under way,
 * and what is lost meanwhile gathers for the next.
 *
 * R1. A loss is reported until its owner has answered for it: neither silence nor `moved` is an answer.
 * R2. Nothing is reported without a lease that holds: by the next lease another coordinator may know better.
 */
export class LossReports {
  private readonly waiting = new Map<number, Batcher<Loss>>();
  private stopped = false;

  constructor(
    private readonly options: LossOptions,
    private readonly parts: LossParts,
  ) {}

  add(swarmId: string, attempts: readonly AttemptRef[], reason: string): void {
    const { clock, logger } = this.parts;
    if (attempts.length === 0) return;
    logger.warn('attempts lost', {
      swarmId,
      region: this.options.region,
      attempts: attempts.length,
      reason,
    });
    const at = clock.now();
    const error = { code: 'attempt-lost', message: `swarm ${swarmId}: ${reason}`, retryable: true };
    for (const { taskId, attempt } of attempts) {
      const shard = shardOf(taskId, this.options.shards);
      if (shard === undefined) continue;
      const report = {
        taskId,
        attempt,
        outcome: 'lost' as const,
        startedAt: at,
        finishedAt: at,
        error,
      };
      this.batcher(shard).add({ swarmId, report });
    }
  }

  stop(): void {
    this.stopped = true;
  }

  private batcher(shard: number): Batcher<Loss> {
    const known = this.waiting.get(shard);
    if (known) return known;
    const batcher = new Batcher<Loss>(
      (losses) => this.deliver(shard, losses),
      BATCH,
      (error) => this.parts.logger.error('losses were not reported', { shard, error }),
    );
    this.waiting.set(shard, batcher);
    return batcher;
  }

  /** R1: ends when all are answered for. */
  private async deliver(shard: number, losses: readonly Loss[]): Promise<void> {
    for (const [swarmId, reports] of bySwarm(losses)) {
      let left = reports;
      for (let wait: number = RETRY_MS.first; !this.stopped; wait = Math.min(RETRY_MS.most, wait * 2)) {
        left = await this.send(shard, swarmId, left);
        if (left.length === 0) break;
        await delay(this.parts.clock, wait);
      }
    }
  }

  /** @returns what is to be sent again */
  private async send(shard: number, swarmId: string, reports: AttemptReport[]): Promise<AttemptReport[]> {
    const { owners, logger, leaseHolds } = this.parts;
    const { region, epoch: regionEpoch } = this.options;
    if (!leaseHolds()) return reports; // R2
    try {
      const acks = await owners.report(shard, { region, regionEpoch, swarmId, reports });
      const done = new Set(acks.filter(({ status }) => status !== 'moved').map(attemptKey));
      return reports.filter((report) => !done.has(attemptKey(report)));
    } catch (error) {
      logger.warn('an owner did not take a loss yet', { shard, region, error });
      if (!(error instanceof MultiswarmError) || error.retryable) return reports;
      return this.sendEach(shard, swarmId, reports, error);
    }
  }

  /** One loss that its owner cannot read must not hold up the others of its message; alone, it is left to the owner's own leases. */
  private async sendEach(
    shard: number,
    swarmId: string,
    reports: AttemptReport[],
    error: MultiswarmError,
  ): Promise<AttemptReport[]> {
    const [first, ...others] = reports;
    if (!first) return [];
    if (others.length > 0) {
      const left: AttemptReport[] = [];
      for (const report of reports) left.push(...(await this.send(shard, swarmId, [report])));
      return left;
    }
    this.parts.logger.error('a loss is not understood by its owner', { taskId: first.taskId, error });
    return [];
  }
}

function bySwarm(losses: readonly Loss[]): Map<string, AttemptReport[]> {
  const swarms = new Map<string, AttemptReport[]>();
  for (const { swarmId, report } of losses) {
    const reports = swarms.get(swarmId);
    if (reports) reports.push(report);
    else swarms.set(swarmId, [report]);
  }
  return swarms;
}
