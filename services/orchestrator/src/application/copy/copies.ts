import {
  MultiswarmError,
  type ExportShard,
  type ImportShard,
  type RecoverShard,
  type RecoverShardReply,
  type ShardCopyHead,
  type ShardExportPart,
  type ShardImportReply,
} from '@multiswarm/contracts';
import type { Cancel, Clock, Ids } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { ShardInspector } from '../check/inspector';
import type { Incarnations } from '../incarnation';
import type { ShardOwner } from '../shard-owner';
import type { CopyStore } from './copy-store';
import { ShardExport } from './shard-export';
import { headOf, refused, ShardImport, type CopyCodec } from './shard-import';

export interface CopiesParts {
  copies: CopyStore;
  codec: CopyCodec;
  inspector: ShardInspector;
  incarnations: Incarnations;
  shards: number;
  clock: Clock;
  ids: Ids;
  logger: Logger;
  /** Gives a shard up in order and takes it anew. */
  reload: (shard: number) => void;
}

/** With which nobody goes on for so long is given up. */
const IDLE_MS = 60_000;

interface Exporting {
  copy: ShardExport;
  owner: ShardOwner;
  idle: Cancel;
}

/**
 * Copies of the shards that this process owns, out and in, one of each at a time.
 *
 * C1. While a shard is imported it serves nobody, and is marked: whoever takes it over meanwhile deletes what has come so far.
 * C2. What is refused, or given up, leaves the shard empty and serving.
 * C3. An imported shard begins a new incarnation: nothing is used again that was used since the copy was made.
 */
export class Copies {
  private readonly exports = new Map<number, Exporting>();
  private readonly imports = new Map<number, { copy: ShardImport; owner: ShardOwner; idle: Cancel }>();

  constructor(private readonly parts: CopiesParts) {}

  /** @throws MultiswarmError `copy-not-found` where the export is none of this owner's: begin a new one */
  async export(owner: ShardOwner, { run, seq }: Omit<ExportShard, 'shard'>): Promise<ShardExportPart> {
    const { shard } = owner;
    const known = this.exports.get(shard);
    if (run === undefined && seq === 0) return this.goOn(shard, await this.beginExport(owner), seq);
    if (known?.owner !== owner || known.copy.run !== run)
      throw new MultiswarmError('copy-not-found', `shard ${shard} has no export "${run}": begin a new one`);
    return this.goOn(shard, known, seq);
  }

  /** @throws MultiswarmError `copy-refused`, `copy-not-found` */
  async import(owner: ShardOwner, asked: Omit<ImportShard, 'shard'>): Promise<ShardImportReply> {
    const { run, seq, lines } = asked;
    if (run === undefined) return this.beginImport(owner, asked);
    const copy = this.importOf(owner, run, lines, seq);
    if (!copy) return { run, state: 'preparing', seq: 0, tasks: 0, runs: 0 };
    if (seq === 0 || seq === copy.seq - 1) return replyOf(copy);
    if (seq !== copy.seq)
      throw new MultiswarmError(
        'copy-not-found',
        `part ${seq} is not the one that is awaited: begin a new import`,
      );
    await this.takePart(owner, copy, lines);
    return replyOf(copy);
  }

  /** The shard begins a new incarnation. */
  async recover(
    owner: ShardOwner,
    { requestedBy, reason }: Omit<RecoverShard, 'shard'>,
  ): Promise<RecoverShardReply> {
    const { incarnations, logger, clock, reload } = this.parts;
    const { shard } = owner;
    await incarnations.askFor(shard);
    logger.warn('a new incarnation of a shard was asked for', { shard, requestedBy, reason });
    clock.soon(() => reload(shard));
    return { shard, state: 'beginning' };
  }

  private async beginExport(owner: ShardOwner): Promise<Exporting> {
    const { ids, copies, incarnations, shards, clock } = this.parts;
    const { shard, epoch } = owner;
    const { attemptBase } = await incarnations.of(shard);
    const exportedAt = new Date(clock.now()).toISOString();
    const head: ShardCopyHead = {
      format: 'multiswarm-shard',
      v: 1,
      shards,
      shard,
      epoch,
      attemptBase,
      exportedAt,
    };
    this.endExport(shard);
    const copy = new ShardExport(ids.next(), owner.insides(), copies, head);
    const exporting = { copy, owner, idle: (): void => undefined };
    this.exports.set(shard, exporting);
    return exporting;
  }

  private async goOn(shard: number, exporting: Exporting, seq: number): Promise<ShardExportPart> {
    exporting.idle();
    exporting.idle = this.parts.clock.after(IDLE_MS, () => {
      if (this.exports.get(shard) === exporting) this.endExport(shard);
    });
    return exporting.copy.next(seq);
  }

  private endExport(shard: number): void {
    const known = this.exports.get(shard);
    known?.idle();
    known?.copy.close();
    this.exports.delete(shard);
  }

  private async beginImport(owner: ShardOwner, asked: Omit<ImportShard, 'shard'>): Promise<ShardImportReply> {
    const { ids, copies, inspector, shards, logger, clock, reload } = this.parts;
    const { shard } = owner;
    const { lines, replace, requestedBy, reason } = asked;
    headOf(lines[0], shard, shards);
    if (owner.importing !== undefined)
      throw refused(`shard ${shard} is being imported: wait a minute, or until that is over`);
    const { tasks, workflows } = await inspector.sums(shard);
    if (tasks + workflows > 0 && !replace)
      throw refused(`shard ${shard} is not empty: it has ${tasks} tasks and ${workflows} workflows`);
    const run = ids.next();
    if (!(await copies.mark(shard, owner.epoch, run)))
      throw new MultiswarmError('stale-epoch', `shard ${shard} has another owner`);
    logger.warn('a shard is imported', { shard, run, replaced: { tasks, workflows }, requestedBy, reason });
    clock.soon(() => reload(shard));
    return { run, state: 'preparing', seq: 0, tasks: 0, runs: 0 };
  }

  /** @returns undefined where the shard has not been taken anew yet */
  private importOf(
    owner: ShardOwner,
    run: string,
    lines: ImportShard['lines'],
    seq: number,
  ): ShardImport | undefined {
    const { shard } = owner;
    const known = this.imports.get(shard);
    if (known?.owner === owner && known.copy.run === run) return this.awaitMore(shard, known);
    if (seq > 0)
      throw new MultiswarmError('copy-not-found', `shard ${shard} has no import "${run}": begin a new one`);
    if (owner.importing !== run) return undefined;
    const copy = new ShardImport(
      run,
      headOf(lines[0], shard, this.parts.shards),
      owner.insides(),
      this.parts.codec,
    );
    const importing = { copy, owner, idle: (): void => undefined };
    this.imports.set(shard, importing);
    return this.awaitMore(shard, importing);
  }

  private awaitMore(
    shard: number,
    importing: { copy: ShardImport; owner: ShardOwner; idle: Cancel },
  ): ShardImport {
    importing.idle();
    importing.idle = this.parts.clock.after(IDLE_MS, () => {
      if (this.imports.get(shard) === importing) void this.giveUp(importing.owner).catch(() => undefined);
    });
    return importing.copy;
  }

  private async takePart(owner: ShardOwner, copy: ShardImport, lines: ImportShard['lines']): Promise<void> {
    try {
      await copy.take(lines);
      copy.seq += 1;
      if (copy.end) await this.finish(owner, copy, copy.end.batchSeq);
    } catch (error) {
      if (error instanceof MultiswarmError && error.code === 'copy-refused') await this.giveUp(owner);
      throw error;
    }
  }

  private async finish(
    owner: ShardOwner,
    { head, run, tasks, runs }: ShardImport,
    batchSeq: number,
  ): Promise<void> {
    const { copies, logger } = this.parts;
    const { epoch, attemptBase } = head;
    await copies.unmark(owner.shard, owner.epoch, { epoch, attemptBase, batchSeq });
    this.over(owner.shard);
    logger.warn('a shard was imported', { shard: owner.shard, run, tasks: tasks.size, runs: runs.size });
  }

  /** C2. */
  private async giveUp(owner: ShardOwner): Promise<void> {
    const { copies, logger } = this.parts;
    await copies.clear(owner.shard);
    await copies.unmark(owner.shard, owner.epoch, undefined);
    this.over(owner.shard);
    logger.warn('the import of a shard was given up', { shard: owner.shard });
  }

  private over(shard: number): void {
    const { clock, reload } = this.parts;
    this.imports.get(shard)?.idle();
    clock.soon(() => {
      reload(shard);
    });
  }
}

function replyOf({ run, seq, tasks, runs, end }: ShardImport): ShardImportReply {
  return { run, state: end ? 'done' : 'open', seq, tasks: tasks.size, runs: runs.size };
}
