import { LIMITS } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { isOld, judge, type Stored } from '../domain/payloads/sweep';
import type { Description, PayloadIndex, PayloadStock } from '../payload-ports';
import { referredTo } from './payload-references';

export interface SweepParts {
  stock: PayloadStock;
  index: PayloadIndex;
  shards: number;
  clock: Clock;
  graceMs: number;
}

export interface Swept {
  payloads: number;
  uploads: number;
  bytes: number;
}

type StoredPayload = Stored & { description: Description };

/**
 * Removes what nobody refers to: payloads of tasks that are gone, of submissions that were refused, of attempts that were not
 * current any more, and parts of uploads that broke off. May be repeated, be ended anywhere, and run twice at the same time.
 */
export class PayloadSweep {
  private condemned = new Map<string, number>();
  private loose = new Map<string, number>();

  constructor(private readonly parts: SweepParts) {}

  /** One look. What it finds for the first time goes with the next one. */
  async look(): Promise<Swept> {
    const { stock, index, shards, clock, graceMs } = this.parts;
    const now = clock.now();
    const described = new Set<string>();
    const old: StoredPayload[] = [];
    for await (const description of stock.descriptions()) {
      const { id, upload, claimedAt, seq } = description;
      if (!description.deleted) described.add(upload);
      if (isOld({ claimedAt }, now, graceMs) && old.length < 2 * LIMITS.PAYLOAD_SWEEP_ITEMS)
        old.push({ id, claimedAt, seq, description });
    }
    const referred = await referredTo(index, shards, new Set(old.map(({ id }) => id)));
    // What is said to be deleted already nobody can refer to any more: there is nothing to wait for.
    const half = old.filter(({ description }) => description.deleted);
    const whole = old.filter(({ description }) => !description.deleted);
    const verdicts = judge(whole, (id) => referred.has(id), this.condemned, {
      ...{ now, graceMs },
      most: LIMITS.PAYLOAD_SWEEP_ITEMS,
    });
    this.condemned = verdicts.condemned;
    const swept: Swept = { payloads: 0, uploads: 0, bytes: 0 };
    for (const { description } of half) await stock.remove(description);
    for (const { description } of verdicts.remove) {
      if (!(await stock.remove(description))) continue;
      swept.payloads += 1;
      swept.bytes += description.bytes;
    }
    swept.uploads = await this.sweepUploads(described, now);
    return swept;
  }

  /** An upload without a description is under way, or was left: no upload takes as long as the grace time. */
  private async sweepUploads(described: ReadonlySet<string>, now: number): Promise<number> {
    const { stock, graceMs } = this.parts;
    const found: Stored[] = [];
    for (const upload of (await stock.parts()).keys()) {
      if (described.has(upload) || found.length >= LIMITS.PAYLOAD_SWEEP_ITEMS) continue;
      const claimedAt = await stock.lastPartAt(upload);
      if (claimedAt !== undefined) found.push({ id: upload, claimedAt, seq: claimedAt });
    }
    const verdicts = judge(found, () => false, this.loose, {
      ...{ now, graceMs },
      most: LIMITS.PAYLOAD_SWEEP_ITEMS,
    });
    this.loose = verdicts.condemned;
    for (const { id } of verdicts.remove) await stock.removeUpload(id);
    return verdicts.remove.length;
  }
}
