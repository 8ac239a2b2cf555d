import { LIMITS } from '@multiswarm/contracts';
import { isOld, judge, type Stored } from '../domain/payloads/sweep';
import type { Description, MailReferences, PayloadIndex, PayloadStock } from '../payload-ports';
import { referredTo } from './payload-references';
import { whySetBack, type SetBackParts } from './set-back';

export interface SweepParts extends SetBackParts {
  stock: PayloadStock;
  index: PayloadIndex;
  ofMail: MailReferences;
}

export interface Swept {
  payloads: number;
  uploads: number;
  bytes: number;
  /** Why there is no verdict on anything, if there is none. */
  why?: string;
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
    const { stock, index, shards, clock, graceMs, ofMail } = this.parts;
    const now = clock.now();
    const why = await whySetBack(this.parts);
    if (why !== undefined) {
      this.condemned.clear();
      this.loose.clear();
      return { payloads: 0, bytes: 0, uploads: 0, why };
    }
    const described = new Set<string>();
    const unreferred: StoredPayload[] = [];
    let page: StoredPayload[] = [];
    // The references are read after the descriptions that they are held against.
    const look = async (): Promise<void> => {
      const referred = await referredTo(index, shards, new Set(page.map(({ id }) => id)), ofMail);
      const rest = page.filter(({ id }) => !referred.has(id));
      unreferred.push(...rest.slice(0, 2 * LIMITS.PAYLOAD_SWEEP_ITEMS - unreferred.length));
      page = [];
    };
    for await (const description of stock.descriptions()) {
      const { id, upload, claimedAt, seq } = description;
      if (!description.deleted) described.add(upload);
      if (isOld({ claimedAt }, now, graceMs)) page.push({ id, claimedAt, seq, description });
      if (page.length >= LIMITS.PAYLOAD_SWEEP_ITEMS) await look();
    }
    await look();
    const swept = await this.removeUnreferred(unreferred, now);
    return { ...swept, uploads: await this.sweepUploads(described, now) };
  }

  private async removeUnreferred(
    unreferred: readonly StoredPayload[],
    now: number,
  ): Promise<Omit<Swept, 'uploads'>> {
    const { stock, graceMs } = this.parts;
    // What is said to be deleted already nobody can refer to any more: there is nothing to wait for.
    for (const { description } of unreferred) if (description.deleted) await stock.remove(description);
    const whole = unreferred.filter(({ description }) => !description.deleted);
    const limits = { now, graceMs, most: LIMITS.PAYLOAD_SWEEP_ITEMS };
    const verdicts = judge(whole, () => false, this.condemned, limits);
    this.condemned = verdicts.condemned;
    const swept = { payloads: 0, bytes: 0 };
    for (const { description } of verdicts.remove) {
      if (!(await stock.remove(description))) continue;
      swept.payloads += 1;
      swept.bytes += description.bytes;
    }
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
