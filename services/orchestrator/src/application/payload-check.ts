import {
  MultiswarmError,
  type CheckPayloads,
  type PayloadCheck,
  type PayloadFault,
} from '@multiswarm/contracts';
import { delay } from '@multiswarm/core';
import { isOld, judge } from '../domain/payloads/sweep';
import type { Description, PayloadStore, TaskPayloads } from '../payload-ports';
import { LEAST_SWEEP_MS } from './payload-sweeper';
import type { SweepParts } from './payload-sweep';
import { referredTo } from './payload-references';
import { whySetBack } from './set-back';

/** Holds what is stored against what is referred to, from both sides. */
export class PayloadInspection {
  constructor(private readonly parts: SweepParts & { store: Pick<PayloadStore, 'find'> }) {}

  /**
   * Changes nothing unless it is told to; what it repairs it has seen twice, as a sweep has, so a repair takes at least
   * `LEAST_SWEEP_MS`. While a shard may be set back nothing is called an orphan.
   * @throws MultiswarmError `repair-refused`: a shard may be set back, and nothing is repaired
   */
  async check({ repair, limit }: CheckPayloads): Promise<PayloadCheck> {
    const { graceMs } = this.parts;
    const setBack = await whySetBack(this.parts);
    if (repair) refuseSetBack(setBack);
    const faults = new Faults(limit);
    const described = await this.described();
    const { references, orphans } = await this.compare(described, faults);
    if (setBack === undefined) for (const orphan of orphans) faults.add(orphan);
    await this.compareParts(described, faults);
    if (repair) await this.repair(described, faults);
    const live = [...described.values()].filter(({ deleted }) => !deleted);
    return {
      payloads: live.length,
      bytes: live.reduce((sum, { bytes }) => sum + bytes, 0),
      references,
      graceMs,
      ...faults.report(),
    };
  }

  private async described(): Promise<Map<string, Description>> {
    const found = new Map<string, Description>();
    for await (const each of this.parts.stock.descriptions()) found.set(each.id, each);
    return found;
  }

  /** @returns how many references there are, and what seems to have none */
  private async compare(
    described: ReadonlyMap<string, Description>,
    faults: Faults,
  ): Promise<{ references: number; orphans: Fault[] }> {
    const { index, shards, clock, graceMs, ofMail } = this.parts;
    const unreferred = new Map([...described].filter(([, { deleted }]) => !deleted));
    for (const id of await ofMail(new Set(unreferred.keys()))) unreferred.delete(id);
    let references = 0;
    for (let shard = 0; shard < shards; shard++) {
      for await (const page of index.references(shard)) {
        const referred = await this.comparePage(shard, page, described, faults);
        for (const id of referred) unreferred.delete(id);
        references += page.reduce((sum, { payloads }) => sum + payloads.length, 0);
      }
    }
    const now = clock.now();
    const orphans: Fault[] = [];
    for (const { id, bytes, claimedAt } of unreferred.values()) {
      // A claim that is young belongs to a submission on its way.
      if (!isOld({ claimedAt }, now, graceMs)) continue;
      orphans.push({ kind: 'orphan', payload: id, bytes, ageMs: now - Math.round(claimedAt) });
    }
    return { references, orphans };
  }

  /** @returns what is referred to by tasks that are there */
  private async comparePage(
    shard: number,
    page: readonly TaskPayloads[],
    described: ReadonlyMap<string, Description>,
    faults: Faults,
  ): Promise<string[]> {
    const ids = page.map(({ taskId }) => taskId);
    const strays = new Set(await this.parts.index.strays(shard, ids));
    const all = page.flatMap(({ taskId, payloads }) => payloads.map((payload) => ({ taskId, payload })));
    const referred = all.filter(({ taskId }) => !strays.has(taskId));
    for (const each of all) if (strays.has(each.taskId)) faults.add({ kind: 'stale-index', ...each }, shard);
    for (const each of referred) {
      if (described.get(each.payload)?.deleted === false) continue;
      if (!(await this.present(each.payload))) faults.add({ kind: 'dangling', ...each });
    }
    return referred.map(({ payload }) => payload);
  }

  private async compareParts(described: ReadonlyMap<string, Description>, faults: Faults): Promise<void> {
    const { stock, clock, graceMs } = this.parts;
    const parts = await stock.parts();
    for (const { id, upload, parts: wanted, bytes, deleted } of described.values()) {
      const found = parts.get(upload) ?? 0;
      if (!deleted && found !== wanted && (await this.present(id))?.upload === upload)
        faults.add({ kind: 'incomplete', payload: id, bytes, note: `${found} of ${wanted} parts are there` });
      if (!deleted) parts.delete(upload);
    }
    const now = clock.now();
    for (const upload of parts.keys()) {
      const claimedAt = await stock.lastPartAt(upload);
      if (claimedAt === undefined || !isOld({ claimedAt }, now, graceMs)) continue;
      faults.add({ kind: 'abandoned-upload', payload: upload, ageMs: now - claimedAt });
    }
  }

  /** As it is now: it may have been stored, replaced or removed since all were read. */
  private async present(id: string): Promise<Description | undefined> {
    try {
      return await this.parts.store.find(id);
    } catch (error) {
      if (error instanceof MultiswarmError && error.code === 'payload-not-found') return undefined;
      throw error;
    }
  }

  /** What can be repaired is removed; what dangles is lost, and only a person can say what to do about its task. */
  private async repair(described: ReadonlyMap<string, Description>, faults: Faults): Promise<void> {
    const orphans = faults.of('orphan').flatMap(({ payload }) => described.get(payload) ?? []);
    const uploads = faults.of('abandoned-upload').map(({ payload }) => payload);
    if (orphans.length + uploads.length > 0) {
      await delay(this.parts.clock, LEAST_SWEEP_MS);
      const again = await this.described();
      refuseSetBack(await whySetBack(this.parts)); // it may have come about meanwhile
      await this.removeOrphans(orphans, again, faults);
      await this.removeUploads(uploads, again, faults);
    }
    const { index } = this.parts;
    for (const [shard, taskIds] of faults.strays) {
      await index.removeStrays(shard, [...taskIds]);
      for (const { payload, taskId } of faults.of('stale-index'))
        if (taskIds.has(taskId ?? '')) faults.repaired('stale-index', payload);
    }
  }

  /** @param again the second look */
  private async removeOrphans(
    orphans: readonly Description[],
    again: ReadonlyMap<string, Description>,
    faults: Faults,
  ): Promise<void> {
    const { stock, index, shards, clock, graceMs, ofMail } = this.parts;
    const condemned = new Map(orphans.map(({ id, seq }) => [id, seq]));
    const referred = await referredTo(index, shards, new Set(condemned.keys()), ofMail);
    const limits = { now: clock.now(), graceMs, most: orphans.length };
    const still = orphans.flatMap(({ id }) => again.get(id) ?? []);
    for (const each of judge(still, (id) => referred.has(id), condemned, limits).remove)
      if (await stock.remove(each)) faults.repaired('orphan', each.id);
  }

  /** @param again the second look: an upload that it has described is in use */
  private async removeUploads(
    uploads: readonly string[],
    again: ReadonlyMap<string, Description>,
    faults: Faults,
  ): Promise<void> {
    const { stock, clock, graceMs } = this.parts;
    const used = new Set([...again.values()].filter(({ deleted }) => !deleted).map(({ upload }) => upload));
    for (const upload of uploads) {
      const claimedAt = await stock.lastPartAt(upload);
      if (used.has(upload) || (claimedAt !== undefined && !isOld({ claimedAt }, clock.now(), graceMs)))
        continue;
      await stock.removeUpload(upload);
      faults.repaired('abandoned-upload', upload);
    }
  }
}

function refuseSetBack(why: string | undefined): void {
  if (why === undefined) return;
  throw new MultiswarmError(
    'repair-refused',
    `nothing is removed: ${why}. What refers to it may still come back: see that the whole backup is there, begin new incarnations ` +
      'where none has begun (swarmctl shard recover), and repair when the grace time (PAYLOAD_GRACE_MS) has passed',
  );
}

type Fault = Omit<PayloadFault, 'repaired'>;

/** What was found: all of it counted, as much of it listed as was asked for. */
class Faults {
  readonly strays = new Map<number, Set<string>>();
  private readonly items: PayloadFault[] = [];
  private readonly counts: Record<string, number> = {};

  constructor(private readonly limit: number) {}

  add(fault: Fault, shard?: number): void {
    this.counts[fault.kind] = (this.counts[fault.kind] ?? 0) + 1;
    if (this.items.length >= this.limit) return;
    this.items.push({ ...fault, repaired: false });
    if (shard === undefined || fault.taskId === undefined) return;
    this.strays.set(shard, (this.strays.get(shard) ?? new Set()).add(fault.taskId));
  }

  of(kind: PayloadFault['kind']): PayloadFault[] {
    return this.items.filter((item) => item.kind === kind);
  }

  repaired(kind: PayloadFault['kind'], payload: string): void {
    for (const item of this.items) if (item.kind === kind && item.payload === payload) item.repaired = true;
  }

  report(): Pick<PayloadCheck, 'counts' | 'items' | 'repaired'> {
    const { counts, items } = this;
    return { counts, items, repaired: items.filter(({ repaired }) => repaired).length };
  }
}
